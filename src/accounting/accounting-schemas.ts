import { z } from 'zod';
import { isCurrency } from '../core/currencies';
import { shownId, text } from '../http/fields';
import { instantText, periodFields } from '../http/instants';
import { pageFields } from '../http/pagination';
import { pageOf, shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';

const account = z.string().regex(/^\d{4}$/, 'is not the code of an account');

const asOfFields = {
  at: instantText.optional(),
  by: z.enum(['posted_at', 'occurred_at']).optional(),
};

export const trialBalanceQuery = z.strictObject(asOfFields);

export const ledgerAccountsQuery = z.strictObject({
  ...pageFields,
  ...asOfFields,
  account: account.optional(),
  party: text(300).optional(),
});

export const ledgerPath = z.object({ account });

const ledgerFields = {
  ...periodFields,
  party: text(300).optional(),
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/, 'is not a currency code')
    .refine(isCurrency, 'is not a currency of ISO 4217'),
};
export const ledgerStatementQuery = z.strictObject({ ...pageFields, ...ledgerFields });
export const ledgerStatementCsvQuery = z.strictObject(ledgerFields);

export const exportQuery = z.strictObject({ ...periodFields, format: z.enum(['hledger', 'beancount']) });
export const exportCsvQuery = z.strictObject(periodFields);

export const vouchersQuery = z.strictObject({
  ...pageFields,
  order: shownId('order').optional(),
  receipt: shownId('receipt').optional(),
});

const code = z.string().meta({ description: 'The code of the account in the chart', example: '2100' });
const accountName = z.string().meta({ example: 'Merchant payables' });
const partyName = z.string().nullable().meta({
  description:
    "A channel's name, a merchant's bare id or the code of a payee's account; null where the account has none",
  example: '019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87',
});
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 in hex', example: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08' });

export const asOfView = z
  .strictObject({
    at: shownTime.nullable().meta({ description: 'The instant that was asked for; null for the newest link' }),
    by: z.enum(['posted_at', 'occurred_at']),
    link: z.string().nullable().meta({ description: 'The last link of the chain that counts', example: '42' }),
    hash: hash.nullable().meta({ description: "The link's hash" }),
    posted_at: shownTime.nullable().meta({ description: 'When the link was posted' }),
  })
  .meta({ id: 'AsOf', description: 'What a balance speaks of: a point in the books, and the time that counts' });

const sides = {
  debit: shownAmount,
  credit: shownAmount,
  balance: shownAmount.meta({ description: "On the account's normal side" }),
};

const trialBalanceLine = z
  .strictObject({ account: code, name: accountName, currency: shownCurrency, ...sides })
  .meta({ id: 'TrialBalanceLine', description: 'An account of the books in one currency' });

export const trialBalanceView = z
  .strictObject({
    as_of: asOfView,
    data: z.array(trialBalanceLine),
    totals: z.array(
      z.strictObject({
        currency: shownCurrency,
        debit: shownAmount,
        credit: shownAmount,
        difference: shownAmount.meta({ description: 'Zero, or the books are wrong' }),
      }),
    ),
  })
  .meta({ id: 'TrialBalance', description: 'The balance of every account and currency of the books' });
export type TrialBalanceView = z.output<typeof trialBalanceView>;
export type AsOfView = z.output<typeof asOfView>;

export const chartView = z
  .strictObject({
    account: code,
    name: accountName,
    type: z.enum(['asset', 'liability', 'income', 'expense']),
    normal_side: z.enum(['debit', 'credit']),
    party: z.enum(['none', 'channel', 'merchant', 'payee']),
  })
  .meta({ id: 'ChartAccount', description: 'An account of the chart, and whom its postings name' });
export type ChartView = z.output<typeof chartView>;

export const partyBalanceView = z
  .strictObject({ account: code, name: accountName, party: partyName, currency: shownCurrency, ...sides })
  .meta({ id: 'LedgerAccount', description: 'The balance of one party of an account in one currency' });
export type PartyBalanceView = z.output<typeof partyBalanceView>;

export const ledgerAccountsView = pageOf(partyBalanceView).extend({
  chart: z.array(chartView),
  as_of: asOfView,
});

const posting = z.strictObject({
  account: code,
  party: partyName,
  currency: shownCurrency,
  debit: shownAmount,
  credit: shownAmount,
});
const references = {
  order: shownIdOf('order').nullable(),
  receipt: shownIdOf('receipt').nullable(),
  transaction: shownIdOf('transaction').nullable(),
};

export const voucherView = z
  .strictObject({
    id: shownIdOf('voucher'),
    kind: z.string().meta({ example: 'receipt_settled' }),
    description: z.string(),
    ...references,
    link: z.string().meta({ description: 'The link of the chain that it lies under', example: '42' }),
    content_hash: hash,
    occurred_at: shownTime,
    posted_at: shownTime,
    postings: z.array(posting),
  })
  .meta({ id: 'Voucher', description: 'The accounting evidence of one business event' });
export type VoucherView = z.output<typeof voucherView>;

const ledgerEntry = z
  .strictObject({
    voucher: shownIdOf('voucher'),
    link: z.string(),
    line: z.int(),
    kind: z.string(),
    description: z.string(),
    ...references,
    occurred_at: shownTime,
    posted_at: shownTime,
    debit: shownAmount,
    credit: shownAmount,
    balance_after: shownAmount.meta({ description: "On the account's normal side" }),
  })
  .meta({ id: 'LedgerEntry', description: 'A line of a voucher on the account of a statement' });
export type LedgerEntryView = z.output<typeof ledgerEntry>;

export const ledgerStatementView = pageOf(ledgerEntry)
  .extend({
    account: code,
    name: accountName,
    normal_side: z.enum(['debit', 'credit']),
    party: partyName,
    currency: shownCurrency,
    from: shownTime.nullable().meta({ description: 'Included; null for the beginning of the books' }),
    to: shownTime.meta({ description: 'Not included' }),
    opening_balance: shownAmount,
    total_debit: shownAmount,
    total_credit: shownAmount,
    closing_balance: shownAmount,
  })
  .meta({
    id: 'LedgerStatement',
    description:
      'What was posted to one party of an account in a period: opening balance and entries make the closing one',
  });
export type LedgerStatementView = z.output<typeof ledgerStatementView>;
