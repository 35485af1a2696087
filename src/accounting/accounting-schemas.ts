import { z } from 'zod';
import { shownId } from '../http/fields';
import { pageFields } from '../http/pagination';

export const trialBalanceQuery = z.strictObject({});

export const ledgerAccountsQuery = z.strictObject({ ...pageFields });

export const vouchersQuery = z.strictObject({
  ...pageFields,
  order: shownId('order').optional(),
  receipt: shownId('receipt').optional(),
});
