import { z } from 'zod';
import { currencyText, line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';

const KINDS = ['merchant', 'payee', 'fees', 'suspense', 'customer'] as const;

export const accountPath = z.object({ account_id: shownId<'account'>('account') });
export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const customerPath = z.object({
  customer: line(200).meta({
    description: 'The merchant’s own name for the customer, as its orders give it',
    example: 'anna',
  }),
});
export const openPayeeBody = z.strictObject({
  reference: line(200).meta({
    description: 'The merchant’s own name for the payee, unique with the currency',
    example: 'promoter-7',
  }),
  currency: currencyText,
});
export const pageQuery = z.strictObject(pageFields);
export const listAccountsQuery = z.strictObject({
  ...pageFields,
  owner: shownId<'merchant'>('merchant').optional().meta({ description: 'Only those of this merchant' }),
  kind: z.enum(KINDS).optional(),
});

/** What stands on an account, in its currency or in points. */
const amounts = {
  balance: shownAmount.meta({ description: 'The sum of its entries', example: '112.01' }),
  reserved: shownAmount.meta({ description: 'What will leave it', example: '0.00' }),
  available: shownAmount.meta({ description: 'The balance less what is reserved', example: '112.01' }),
  pending: shownAmount.meta({
    description: 'What will be added to it: payments that are being settled',
    example: '0.00',
  }),
};
const status = z
  .enum(['open', 'frozen', 'closed'])
  .meta({ description: 'A frozen account takes no payments until it is unfrozen; a closed one, never again' });
const accountFields = {
  id: shownIdOf('account'),
  kind: z.enum(KINDS).meta({
    description:
      'A merchant’s own, a payee’s, the house’s fees, suspense (money that waits for a person), a customer’s points',
  }),
  reference: z
    .string()
    .nullable()
    .meta({ description: 'The merchant’s own name for the payee; null for other kinds', example: null }),
};
const otherFields = { ...amounts, status, created_at: shownTime };
const owner = z.string().meta({
  description: 'The merchant (`mer_...`) whose it is, or the name of the house’s own account',
  example: 'mer_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87',
});
const moneyFields = { ...accountFields, currency: shownCurrency, ...otherFields };

export const accountView = z
  .strictObject(moneyFields)
  .meta({ id: 'Account', description: 'A fund account, as its merchant sees it' });
export type AccountView = z.output<typeof accountView>;

export const operatorAccountView = z
  .strictObject({ ...moneyFields, owner })
  .meta({ id: 'OperatorAccount', description: 'A fund account and whose it is' });
export type OperatorAccountView = z.output<typeof operatorAccountView>;

export const pointsAccountView = z
  .strictObject({
    ...accountFields,
    unit: z.string().meta({ description: 'What is counted', example: 'POINTS' }),
    ...otherFields,
    owner,
    customer: z.string().meta({ description: 'The merchant’s own name for the customer', example: 'anna' }),
  })
  .meta({ id: 'PointsAccount', description: 'The points of one customer of one merchant' });
export type PointsAccountView = z.output<typeof pointsAccountView>;

export const entryView = z
  .strictObject({
    id: shownIdOf('entry'),
    number: z.int().min(1).meta({ description: 'Counts from 1 within the account, without gaps', example: 1 }),
    transaction: shownIdOf('transaction').meta({ description: 'The transaction that it is part of' }),
    amount: shownAmount.meta({ description: 'Above zero: added; below zero: taken', example: '112.01' }),
    balance_after: shownAmount.meta({ example: '112.01' }),
    created_at: shownTime,
  })
  .meta({ id: 'Entry', description: 'One movement on an account; it is never changed' });
export type EntryView = z.output<typeof entryView>;

export const customerPointsView = z
  .strictObject({
    customer: z.string().meta({ example: 'anna' }),
    balance: amounts.balance.meta({ example: '112' }),
    reserved: amounts.reserved.meta({ example: '0' }),
    available: amounts.available.meta({ example: '112' }),
    pending: amounts.pending.meta({ example: '0' }),
    status,
  })
  .meta({ id: 'CustomerPoints', description: 'The points of a customer; whole ones, as decimal strings' });
export type CustomerPointsView = z.output<typeof customerPointsView>;
