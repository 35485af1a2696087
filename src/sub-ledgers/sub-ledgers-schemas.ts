import { z } from 'zod';
import { pageFields } from '../http/pagination';
import { pageOf, shownAmount, shownCurrency } from '../http/shown';

export const subLedgersQuery = z.strictObject(pageFields);

export const subLedgerView = z
  .strictObject({
    account: z.string().meta({ description: 'The code of the account in the chart', example: '2100' }),
    name: z.string().meta({ example: 'Merchant payables' }),
    party: z.string().nullable().meta({ description: 'As postings name it; null where the account names nobody' }),
    currency: shownCurrency,
    counterpart: z
      .enum(['merchant', 'payee', 'fees', 'suspense', 'receipts'])
      .meta({ description: 'The kind of fund account that the line stands for; receipts for what a channel owes' }),
    books: shownAmount.meta({ description: "The books' balance, on the account's normal side" }),
    counterpart_balance: shownAmount.meta({
      description: 'The balance of the fund account, or the sum of the receipts',
    }),
    recent_books: shownAmount.meta({ description: 'What of `books` belongs to payments of the last moments' }),
    recent_counterpart: shownAmount.meta({ description: 'What of `counterpart_balance` belongs to them' }),
    difference: shownAmount.meta({
      description: 'Of both sides without the payments of the last moments: zero, or something is wrong',
    }),
  })
  .meta({ id: 'SubLedgerLine', description: 'A line of the books beside what it stands for' });
export type SubLedgerView = z.output<typeof subLedgerView>;

export const subLedgersView = pageOf(subLedgerView);
