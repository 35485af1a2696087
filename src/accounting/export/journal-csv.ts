import { type CsvCell, csvLine } from '../../core/csv';
import { showId } from '../../core/ids';
import { displayAmount } from '../../core/money';
import type { ExportedBalance, JournalFormat } from './journal-format';

const COLUMNS = [
  ...['date', 'posted_at', 'occurred_at', 'kind', 'description', 'voucher', 'link', 'position', 'line'],
  ...['account', 'account_name', 'party', 'currency', 'debit', 'credit'],
  ...['order', 'receipt', 'transaction', 'content_hash'],
];

/** A line per posting; a period begins with a line per opening balance. */
export const csvFormat: JournalFormat = {
  head: () => csvLine(COLUMNS),
  account: () => '',
  openingHead: () => '',
  opening: (balance, head) =>
    csvLine([
      ...[head.openingDay, null, null, 'opening_balance', 'opening balance', null, null, null, null],
      ...accountCells(balance),
      ...sidesOf(balance.amount),
      ...[null, null, null, null],
    ]),
  voucher: ({ voucher, postings }) =>
    postings
      .map((posting) =>
        csvLine([
          voucher.posted_at.slice(0, 10),
          voucher.posted_at,
          voucher.occurred_at,
          voucher.kind,
          voucher.description,
          showId('voucher', voucher.id),
          { number: voucher.link_number },
          { number: String(voucher.position) },
          { number: String(posting.row.line) },
          ...accountCells(posting),
          { number: displayAmount(posting.row.debit, posting.currency) },
          { number: displayAmount(posting.row.credit, posting.currency) },
          voucher.order_id === null ? null : showId('order', voucher.order_id),
          voucher.receipt_id === null ? null : showId('receipt', voucher.receipt_id),
          voucher.gid === null ? null : showId('transaction', voucher.gid),
          voucher.content_hash,
        ]),
      )
      .join(''),
  closingHead: () => '',
  closing: () => '',
};

function accountCells({ code, name, party, currency }: ExportedBalance): CsvCell[] {
  return [{ number: code }, name, party, currency];
}

/** A balance on one side: what is below zero is a credit. */
function sidesOf(amount: string): CsvCell[] {
  const credit = amount.startsWith('-');
  const figure: CsvCell = { number: credit ? amount.slice(1) : amount };
  return credit ? [null, figure] : [figure, null];
}
