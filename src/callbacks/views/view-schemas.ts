import { z } from 'zod';
import { line, shownId } from '../../http/fields';
import { pageFields } from '../../http/pagination';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../../http/shown';
import { workFilters, workedOn } from '../../http/work-fields';

export const RECEIPT_STATUSES = ['waiting', 'settling', 'decided', 'settled'] as const;
export const RECEIPT_OUTCOMES = ['order_paid', 'suspense'] as const;
export const TRANSACTION_STATUSES = ['trying', 'confirming', 'confirmed', 'cancelling', 'cancelled'] as const;

export const receiptPath = z.object({ receipt_id: shownId<'receipt'>('receipt') });
export const transactionPath = z.object({ transaction_id: shownId<'transaction'>('transaction') });

export const searchReceiptsQuery = z.strictObject({
  ...pageFields,
  channel: line(63).optional(),
  status: z.enum(RECEIPT_STATUSES).optional(),
  outcome: z.enum(RECEIPT_OUTCOMES).optional(),
  provider_reference: line(300).optional(),
  payment_reference: line(64)
    .transform((given) => given.toLowerCase())
    .optional(),
  order: shownId<'order'>('order').optional(),
  ...workFilters,
});

export const searchTransactionsQuery = z.strictObject({
  ...pageFields,
  status: z.enum(TRANSACTION_STATUSES).optional(),
  ended: z.enum(['true', 'false']).optional().meta({ description: 'false: only those that have not ended' }),
  receipt: shownId<'receipt'>('receipt').optional(),
  ...workFilters,
});

const refusals = z.array(z.strictObject({ participant: z.string(), account: z.string(), reason: z.string() }));

export const receiptView = z
  .strictObject({
    id: shownIdOf('receipt'),
    channel: z.string(),
    provider: z.string(),
    receiving_account: z.string(),
    provider_reference: z.string(),
    payment_reference: z.string().nullable(),
    amount: shownAmount,
    currency: shownCurrency,
    order: shownIdOf('order').nullable(),
    status: z.enum(RECEIPT_STATUSES),
    outcome: z.enum(RECEIPT_OUTCOMES).nullable(),
    refusals,
    ...workedOn,
    received_at: shownTime,
    decided_at: shownTime.nullable(),
    settled_at: shownTime.nullable(),
  })
  .meta({ id: 'Receipt', description: 'Money that a channel says has arrived' });
export type ReceiptView = z.output<typeof receiptView>;

export const transactionView = z
  .strictObject({
    id: shownIdOf('transaction'),
    receipt: shownIdOf('receipt'),
    order: shownIdOf('order').nullable(),
    outcome: z.enum(RECEIPT_OUTCOMES),
    status: z.enum(TRANSACTION_STATUSES),
    branches: z.array(
      z.strictObject({
        participant: z.string(),
        branch: z.string(),
        legs: z.array(z.strictObject({ account: z.string(), direction: z.enum(['in', 'out']), amount: shownAmount })),
      }),
    ),
    refusals,
    deadline: shownTime.meta({ description: 'When an attempt that is not decided is given up' }),
    ...workedOn,
    created_at: shownTime,
    decided_at: shownTime.nullable(),
    ended_at: shownTime.nullable(),
  })
  .meta({ id: 'Transaction', description: 'One attempt to settle a receipt: all of its branches end, or none' });
export type TransactionView = z.output<typeof transactionView>;
