import type { Currency } from '../core/currencies';
import { Money } from '../core/money';
import { type Database, inTransaction } from '../consistency/transaction';
import { type BooksPoint, type TimeBasis, newestPoint, pointAt } from './books-point';
import {
  type LedgerSum,
  type PartyFilter,
  type PartyKey,
  type PartySum,
  pastBalancesStore,
} from './past-balances-store';

/** One account of the books in one currency. */
export interface TrialBalanceLine {
  readonly account: string;
  readonly name: string;
  readonly debit: Money;
  readonly credit: Money;
  /** On the account's normal side: positive where a person expects it to be. */
  readonly balance: Money;
}

export interface TrialBalanceTotal {
  readonly debit: Money;
  readonly credit: Money;
  /** Debits less credits: zero, or the books are wrong. */
  readonly difference: Money;
}

export interface TrialBalance {
  readonly asOf: AsOf;
  readonly lines: readonly TrialBalanceLine[];
  /** One per currency. */
  readonly totals: readonly TrialBalanceTotal[];
}

/** What a balance speaks of: a point in the books and the time that counts. */
export interface AsOf {
  readonly point: BooksPoint;
  readonly by: TimeBasis;
}

/** When, and by which time; without an instant, what the books say now. */
export interface AsOfQuery {
  readonly at?: string | undefined;
  readonly by?: TimeBasis | undefined;
}

/**
 * The balance of every account and currency of the books.
 * @throws Problem `invalid_request` for an instant that has not come yet
 */
export async function readTrialBalance(db: Database<'accounting'>, query: AsOfQuery = {}): Promise<TrialBalance> {
  const asOf = await findAsOf(db, query);
  const sums = await inTransaction(db, 'books.trial_balance', async (tx) => {
    await pastBalancesStore.allowLong(tx);
    return pastBalancesStore.trialBalance(tx, asOf.point.link, valueTimeOf(asOf));
  });
  const lines = sums.map(toLine);
  const currencies = [...new Set(lines.map((line) => line.debit.currency))].sort();
  return { asOf, lines, totals: currencies.map((currency) => totalOf(lines, currency)) };
}

/** The balance of every party of every account, by page, in the order of account, party and currency. */
export async function readPartyBalances(
  db: Database<'accounting'>,
  query: AsOfQuery & PartyFilter,
  page: { readonly after: PartyKey; readonly limit: number },
): Promise<{ readonly asOf: AsOf; readonly sums: readonly PartySum[] }> {
  const asOf = await findAsOf(db, query);
  return { asOf, sums: await partyBalancesAt(db, asOf, query, page) };
}

/** The same at a point that is known already. */
export function partyBalancesAt(
  db: Database<'accounting'>,
  asOf: AsOf,
  filter: PartyFilter,
  page: { readonly after: PartyKey; readonly limit: number },
): Promise<readonly PartySum[]> {
  return inTransaction(db, 'books.party_balances', async (tx) => {
    await pastBalancesStore.allowLong(tx);
    const point = { link: asOf.point.link, valueTime: valueTimeOf(asOf) };
    return pastBalancesStore.byParty(tx, point, filter, page);
  });
}

async function findAsOf(db: Database<'accounting'>, { at, by }: AsOfQuery): Promise<AsOf> {
  const basis = by ?? 'posted_at';
  if (at === undefined && basis === 'posted_at') return { point: await newestPoint(db), by: basis };
  return { point: await pointAt(db, at), by: basis };
}

function valueTimeOf({ point, by }: AsOf): string | undefined {
  return by === 'occurred_at' ? point.at : undefined;
}

export function toLine(row: LedgerSum): TrialBalanceLine {
  const debit = Money.fromDatabase(row.debit, row.currency);
  const credit = Money.fromDatabase(row.credit, row.currency);
  const balance = row.normal_side === 'debit' ? debit.minus(credit) : credit.minus(debit);
  return { account: row.account, name: row.name, debit, credit, balance };
}

function totalOf(lines: readonly TrialBalanceLine[], currency: Currency): TrialBalanceTotal {
  const own = lines.filter((line) => line.debit.currency === currency);
  const debit = own.reduce((sum, line) => sum.plus(line.debit), Money.zero(currency));
  const credit = own.reduce((sum, line) => sum.plus(line.credit), Money.zero(currency));
  return { debit, credit, difference: debit.minus(credit) };
}
