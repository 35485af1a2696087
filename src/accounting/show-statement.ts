import { type CsvCell, csvLine } from '../core/csv';
import { showId } from '../core/ids';
import { displayAmount } from '../core/money';
import type { LedgerEntryView, LedgerStatementView } from './accounting-schemas';
import { timeOf } from './books-point';
import { type LedgerEntry, type LedgerStatement, onSide } from './ledger-statement';
import type { LedgerAccountRow } from './ledger-store';
import type { PartyKey } from './past-balances-store';
import { showParty, showReferences } from './show-books';

export type LedgerStatementHead = Omit<LedgerStatementView, 'data' | 'next_cursor'>;

/** The statement of an account of the books, without its entries. */
export function showStatementHead(
  account: LedgerAccountRow,
  { party, currency }: PartyKey,
  { period, opening, debit, credit, closing }: LedgerStatement,
): LedgerStatementHead {
  return {
    account: account.code,
    name: account.name,
    normal_side: account.normal_side,
    party: showParty(party),
    currency,
    from: period.from === undefined ? null : timeOf(period.from),
    to: timeOf(period.to),
    opening_balance: onSide(opening, account.normal_side, currency),
    total_debit: displayAmount(debit.toFixed(), currency),
    total_credit: displayAmount(credit.toFixed(), currency),
    closing_balance: onSide(closing, account.normal_side, currency),
  };
}

export function showLedgerEntry(account: LedgerAccountRow, currency: string, row: LedgerEntry): LedgerEntryView {
  return {
    voucher: showId('voucher', row.voucher_id),
    link: row.link_number,
    line: row.line,
    kind: row.kind,
    description: row.description,
    ...showReferences(row),
    occurred_at: row.occurred_at,
    posted_at: row.posted_at,
    debit: displayAmount(row.debit, currency),
    credit: displayAmount(row.credit, currency),
    balance_after: onSide(row.balance, account.normal_side, currency),
  };
}

const COLUMNS = [
  ...['posted_at', 'occurred_at', 'kind', 'description', 'voucher', 'link', 'line', 'order', 'receipt'],
  ...['currency', 'debit', 'credit', 'balance'],
];

/** The statement as CSV: a line for the opening balance, one per entry, one for totals and closing balance. */
export async function* statementCsv(
  head: LedgerStatementHead,
  entries: AsyncIterable<LedgerEntryView>,
): AsyncGenerator<string, void, undefined> {
  const balanceLine = (time: string | null, kind: string, amounts: readonly CsvCell[]): string =>
    csvLine([time, null, kind, null, null, null, null, null, null, head.currency, ...amounts]);
  const number = (text: string): CsvCell => ({ number: text });
  yield csvLine(COLUMNS);
  yield balanceLine(head.from, 'opening_balance', [null, null, number(head.opening_balance)]);
  for await (const entry of entries) {
    yield csvLine([
      entry.posted_at,
      entry.occurred_at,
      entry.kind,
      entry.description,
      entry.voucher,
      number(entry.link),
      number(String(entry.line)),
      entry.order,
      entry.receipt,
      head.currency,
      number(entry.debit),
      number(entry.credit),
      number(entry.balance_after),
    ]);
  }
  const totals = [number(head.total_debit), number(head.total_credit), number(head.closing_balance)];
  yield balanceLine(head.to, 'closing_balance', totals);
}
