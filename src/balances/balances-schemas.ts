import { z } from 'zod';
import { currencyText, line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';

export const accountPath = z.object({ account_id: shownId<'account'>('account') });
export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const customerPath = z.object({ customer: line(200) });
export const openPayeeBody = z.strictObject({ reference: line(200), currency: currencyText });
export const pageQuery = z.strictObject(pageFields);
export const listAccountsQuery = z.strictObject({
  ...pageFields,
  owner: shownId<'merchant'>('merchant').optional(),
  kind: z.enum(['merchant', 'payee', 'fees', 'suspense', 'customer']).optional(),
});
