import type { Currency } from '../core/currencies';
import { Money } from '../core/money';
import { type Database, inTransaction } from '../consistency/transaction';
import { type LedgerSum, ledgerStore } from './ledger-store';

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
  readonly lines: readonly TrialBalanceLine[];
  /** One per currency. */
  readonly totals: readonly TrialBalanceTotal[];
}

/** The balance of every account and currency of the books, as of one instant. */
export async function readTrialBalance(db: Database<'accounting'>): Promise<TrialBalance> {
  const lines = (await inTransaction(db, (tx) => ledgerStore.trialBalance(tx))).map(toLine);
  const currencies = [...new Set(lines.map((line) => line.debit.currency))].sort();
  return { lines, totals: currencies.map((currency) => totalOf(lines, currency)) };
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
