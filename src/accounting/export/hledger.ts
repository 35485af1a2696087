import { showId } from '../../core/ids';
import { hledgerPart, hledgerText } from './export-texts';
import type { ExportedAccount, ExportedBalance, JournalFormat } from './journal-format';

const ROOTS = {
  asset: ['assets', 'A'],
  liability: ['liabilities', 'L'],
  income: ['revenues', 'R'],
  expense: ['expenses', 'X'],
} as const;
const OURS = 'quittance';

/**
 * A journal for hledger (hledger.org, "Journal format"), which passes `hledger check --strict payees ordereddates`. A debit
 * is positive. Transactions stand on the day of posting.
 */
export const hledgerFormat: JournalFormat = {
  head: (head) =>
    [
      '; -*- hledger -*-',
      `; The books of quittance ${head.from === undefined ? 'from the beginning' : `from ${head.from}`} to ${head.to}`,
      `; through link ${head.link}${head.hash === null ? '' : `, hash ${head.hash}`}`,
      'decimal-mark .',
      ...head.currencies.map(({ code, digits }) => `commodity 1000.${'0'.repeat(digits)} ${code}`),
      ...[...new Set([OURS, ...head.payees].map(hledgerText))].map((payee) => `payee ${payee}`),
      '',
      '',
    ].join('\n'),
  account: (account) => `account ${nameOf(account)}  ; type:${ROOTS[account.type][1]}, code:${account.code}\n`,
  openingHead: (head) => `\n${head.openingDay} * ${OURS} | opening balances\n`,
  opening: (balance) => line(balance, `${balance.amount} ${balance.currency}`),
  voucher: ({ voucher, payee, postings }) =>
    [
      `\n${voucher.posted_at.slice(0, 10)} * (${showId('voucher', voucher.id)}) `,
      `${hledgerText(payee)} | ${hledgerText(voucher.description)}\n`,
      tag('kind', hledgerText(voucher.kind)),
      tag('link', voucher.link_number),
      tag('content_hash', voucher.content_hash),
      voucher.order_id === null ? '' : tag('order', showId('order', voucher.order_id)),
      voucher.receipt_id === null ? '' : tag('receipt', showId('receipt', voucher.receipt_id)),
      voucher.gid === null ? '' : tag('transaction', showId('transaction', voucher.gid)),
      tag('occurred_at', voucher.occurred_at),
      tag('posted_at', voucher.posted_at),
      ...postings.map((posting) => line(posting, `${posting.amount} ${posting.currency}`)),
    ].join(''),
  closingHead: (head) => `\n${head.closingDay} * ${OURS} | closing balances\n`,
  closing: (balance, head) => {
    const digits = head.currencies.find(({ code }) => code === balance.currency)?.digits ?? 0;
    const zero = digits === 0 ? '0' : `0.${'0'.repeat(digits)}`;
    return line(balance, `${zero} ${balance.currency} = ${balance.amount} ${balance.currency}`);
  },
};

function line(account: ExportedBalance, amount: string): string {
  return `    ${nameOf(account)}  ${amount}\n`;
}

function tag(name: string, value: string): string {
  return `    ; ${name}: ${value}\n`;
}

function nameOf({ type, name, partyKind, party }: ExportedAccount): string {
  const account = `${ROOTS[type][0]}:${name.toLowerCase()}`;
  if (partyKind === 'none') return account;
  return `${account}:${party === '' ? '%none' : hledgerPart(party)}`;
}
