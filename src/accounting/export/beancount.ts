import { addDays } from '../../core/calendar';
import { showId } from '../../core/ids';
import { beancountPart, beancountText } from './export-texts';
import type { ExportedAccount, JournalFormat } from './journal-format';

const ROOTS = { asset: 'Assets', liability: 'Liabilities', income: 'Income', expense: 'Expenses' } as const;
const PREFIXES = { channel: 'Channel', merchant: 'Merchant', payee: 'Payee' } as const;
/** Before anything that can stand in the books. */
const OPENED = '1970-01-01';
const PAYEE_CODE = /^payee\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/**
 * A file for beancount 2 or 3 (beancount.github.io, "Beancount Language Syntax"), which passes `bean-check`. A debit is
 * positive. Transactions stand on the day of posting; a balance directive speaks of the beginning of its day.
 */
export const beancountFormat: JournalFormat = {
  head: (head) => {
    const from = head.from === undefined ? 'from the beginning' : `from ${head.from}`;
    return [
      ';; -*- mode: beancount -*-',
      `option "title" ${beancountText(`The books of quittance ${from} to ${head.to}`)}`,
      ...head.currencies.map(({ code }) => `option "operating_currency" "${code}"`),
      ';; through link ' + head.link + (head.hash === null ? '' : `, hash ${head.hash}`),
      ...head.currencies.map(({ code }) => `${OPENED} commodity ${code}`),
      '',
      '',
    ].join('\n');
  },
  account: (account, currencies) =>
    `${OPENED} open ${nameOf(account)} ${currencies.join(',')}\n  code: "${account.code}"\n`,
  openingHead: (head) => `\n${head.openingDay} * "quittance" "opening balances"\n`,
  opening: (balance) => `  ${nameOf(balance)}  ${balance.amount} ${balance.currency}\n`,
  voucher: ({ voucher, payee, postings }) =>
    [
      `\n${voucher.posted_at.slice(0, 10)} * ${beancountText(payee)} ${beancountText(voucher.description)}\n`,
      meta('voucher', showId('voucher', voucher.id)),
      meta('kind', voucher.kind),
      `  link: ${voucher.link_number}\n`,
      meta('content_hash', voucher.content_hash),
      voucher.order_id === null ? '' : meta('order', showId('order', voucher.order_id)),
      voucher.receipt_id === null ? '' : meta('receipt', showId('receipt', voucher.receipt_id)),
      voucher.gid === null ? '' : meta('transaction', showId('transaction', voucher.gid)),
      meta('occurred_at', voucher.occurred_at),
      meta('posted_at', voucher.posted_at),
      ...postings.map((posting) => `  ${nameOf(posting)}  ${posting.amount} ${posting.currency}\n`),
    ].join(''),
  closingHead: () => '\n',
  closing: (balance, head) =>
    `${addDays(head.closingDay, 1)} balance ${nameOf(balance)}  ${balance.amount} ~ 0 ${balance.currency}\n`,
};

function meta(key: string, value: string): string {
  return `  ${key}: ${beancountText(value)}\n`;
}

/** Each part begins with a capital letter, and has letters, digits and hyphens only. */
function nameOf({ type, name, partyKind, party }: ExportedAccount): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  const account = `${ROOTS[type]}:${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
  if (partyKind === 'none') return account;
  if (party === '') return `${account}:No-${partyKind}`;
  const payee = partyKind === 'payee' ? PAYEE_CODE.exec(party)?.[1] : undefined;
  if (payee !== undefined) return `${account}:Payee-${payee}`;
  return `${account}:${PREFIXES[partyKind]}-${partyKind === 'payee' ? 'x-' : ''}${beancountPart(party)}`;
}
