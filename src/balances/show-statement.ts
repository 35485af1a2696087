import { csvLine } from '../core/csv';
import { isCurrency } from '../core/currencies';
import { showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import type { AccountRow } from './accounts-store';
import type { AccountPeriod, PastBalance, Totals } from './past-balance';
import type { PastBalanceView, StatementEntryView, StatementView } from './statement-schemas';
import type { StatementRow } from './statement-store';

export function showPastBalance(account: AccountRow, past: PastBalance): PastBalanceView {
  return {
    account: showId('account', account.id),
    at: past.at,
    unit: account.unit,
    balance: showQuantity(past.balance, account.unit),
    entries: Number(past.number),
  };
}

export type StatementHead = Omit<StatementView, 'data' | 'next_cursor'>;

export function showStatementHead(
  account: AccountRow,
  { from, to }: AccountPeriod,
  totals: Totals | undefined,
): StatementHead {
  const show = (amount: string): string => showQuantity(amount, account.unit);
  return {
    account: showId('account', account.id),
    unit: account.unit,
    from: from?.at ?? null,
    to: to.at,
    opening_balance: show(from?.balance ?? '0'),
    entries: Number(to.number) - Number(from?.number ?? '0'),
    totals: totals === undefined ? null : { debit: show(totals.debit), credit: show(totals.credit) },
    closing_balance: show(to.balance),
  };
}

export function showStatementEntry(row: StatementRow, unit: string): StatementEntryView {
  return {
    id: showId('entry', row.id),
    number: Number(row.number),
    transaction: showId('transaction', row.gid),
    created_at: row.created_at,
    amount: showQuantity(row.amount, unit),
    balance_after: showQuantity(row.balance_after, unit),
  };
}

const COLUMNS = ['created_at', 'kind', 'number', 'entry', 'transaction', 'unit', 'debit', 'credit', 'balance'];

/** A line for the opening balance, one per entry, one for totals and closing balance. */
export async function* statementCsv(
  head: StatementHead,
  entries: AsyncIterable<readonly StatementEntryView[]>,
): AsyncGenerator<string, void, undefined> {
  const { from, to, unit, opening_balance: opening, closing_balance: closing, totals } = head;
  const number = (text: string) => ({ number: text });
  yield csvLine(COLUMNS) + csvLine([from, 'opening_balance', null, null, null, unit, null, null, number(opening)]);
  for await (const page of entries) yield page.map((entry) => entryLine(entry, unit)).join('');
  const sums = [number(totals?.debit ?? '0'), number(totals?.credit ?? '0'), number(closing)];
  yield csvLine([to, 'closing_balance', null, null, null, unit, ...sums]);
}

function entryLine(entry: StatementEntryView, unit: string): string {
  const isOut = entry.amount.startsWith('-');
  const amount = { number: isOut ? entry.amount.slice(1) : entry.amount };
  return csvLine([
    ...[entry.created_at, 'entry', { number: String(entry.number) }, entry.id, entry.transaction, unit],
    ...(isOut ? [amount, null] : [null, amount]),
    { number: entry.balance_after },
  ]);
}

/** Money with its currency's decimals, points without any. */
function showQuantity(amount: string, unit: string): string {
  return isCurrency(unit) ? displayAmount(amount, unit) : new Exact(amount).toFixed();
}
