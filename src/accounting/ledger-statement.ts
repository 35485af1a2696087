import { Exact, Money } from '../core/money';
import { type Database, inTransaction } from '../consistency/transaction';
import { type BooksPeriod, periodOf } from './books-point';
import { type LedgerEntryRow, ledgerStatementStore } from './ledger-statement-store';
import { type PartyKey, type Place, pastBalancesStore } from './past-balances-store';

/** What was posted to one party of an account. Balances are on the debit side less the credit side. */
export interface LedgerStatement {
  readonly period: BooksPeriod;
  readonly opening: Exact;
  readonly debit: Exact;
  readonly credit: Exact;
  readonly closing: Exact;
}

export interface LedgerEntry extends LedgerEntryRow {
  /** The balance after it: debits less credits. */
  readonly balance: Exact;
}

/** Everything of a link lies at or before this place in it. */
const END_OF_LINK = { position: 2_147_483_647, line: 2_147_483_647 };
const CSV_PAGE = 1_000;

/** @throws Problem `invalid_request` for a period that ends before it begins, or in the future */
export async function readLedgerStatement(
  db: Database<'accounting'>,
  key: PartyKey,
  query: { readonly from: string | undefined; readonly to: string | undefined },
): Promise<LedgerStatement> {
  const period = await periodOf(db, query);
  const [before, after] = await inTransaction(db, 'books.ledger_statement', async (tx) => {
    await pastBalancesStore.allowLong(tx);
    const begin = await pastBalancesStore.atPlace(tx, key, startOf(period));
    return [begin, await pastBalancesStore.atPlace(tx, key, { link: period.to.link, ...END_OF_LINK })] as const;
  });
  const opening = new Exact(before.debit).minus(before.credit);
  const debit = new Exact(after.debit).minus(before.debit);
  const credit = new Exact(after.credit).minus(before.credit);
  return { period, opening, debit, credit, closing: opening.plus(debit).minus(credit) };
}

/** The place after which a period begins. */
export function startOf({ from }: BooksPeriod): Place {
  return { link: from?.link ?? '0', ...END_OF_LINK };
}

/** Entries of a period after a place, with the balance after each. */
export function readLedgerEntries(
  db: Database<'accounting'>,
  key: PartyKey,
  period: BooksPeriod,
  page: { readonly after: Place; readonly limit: number },
): Promise<LedgerEntry[]> {
  return inTransaction(db, 'books.ledger_entries', async (tx) => {
    await pastBalancesStore.allowLong(tx);
    const before = await pastBalancesStore.atPlace(tx, key, page.after);
    const range = { after: page.after, upToLink: period.to.link };
    const rows = await ledgerStatementStore.entries(tx, key, range, page.limit);
    let balance = new Exact(before.debit).minus(before.credit);
    return rows.map((row) => {
      balance = balance.plus(row.debit).minus(row.credit);
      return { ...row, balance };
    });
  });
}

/** All entries of a period, read page by page. */
export async function* allLedgerEntries(
  db: Database<'accounting'>,
  key: PartyKey,
  period: BooksPeriod,
): AsyncGenerator<LedgerEntry, void, undefined> {
  let after = startOf(period);
  for (;;) {
    const entries = await readLedgerEntries(db, key, period, { after, limit: CSV_PAGE });
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined || entries.length < CSV_PAGE) return;
    after = placeOf(last);
  }
}

export function placeOf({ link_number: link, position, line }: LedgerEntryRow): Place {
  return { link, position, line };
}

/** A balance as a person reads it: positive on the account's normal side. */
export function onSide(balance: Exact, normalSide: 'debit' | 'credit', currency: string): string {
  const side = normalSide === 'debit' ? balance : balance.negated();
  return Money.fromDatabase(side.toFixed(), currency).toString();
}
