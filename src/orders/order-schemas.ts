import { z } from 'zod';
import { currencyText, decimalText, line, shownId, text } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownAmount, shownCurrency, shownIdOf, shownTime } from '../http/shown';

const MOST_SPLITS = 20;
const MOST_CHANNELS = 20;
const MOST_METADATA = 50;
export const ORDER_STATUSES = ['open', 'paid', 'closed', 'expired'] as const;
const status = z.enum(ORDER_STATUSES);

const channelName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name that a channel can have');

/** In UTC, in this millennium: what PostgreSQL reads as a time, and nothing that it reads otherwise. */
const time = z.iso
  .datetime('is a time in UTC such as "2030-01-31T12:00:00Z"')
  .max(30, 'is too long')
  .startsWith('2', 'is a time in this millennium')
  // Of the two formats zod would show the second, which is none of JSON Schema.
  .meta({ description: 'RFC 3339, in UTC', format: 'date-time', example: '2030-01-31T12:00:00Z' });

export const createOrderBody = z.strictObject({
  merchant_order_no: line(128),
  amount: decimalText,
  currency: currencyText,
  channels: z.array(channelName).min(1).max(MOST_CHANNELS).nullish(),
  customer: line(200).nullish(),
  expires_at: time.nullish(),
  description: line(500).nullish(),
  metadata: z
    .record(line(100), text(500))
    .refine((value) => Object.keys(value).length <= MOST_METADATA, `has more than ${MOST_METADATA} keys`)
    .optional(),
  splits: z
    .array(z.strictObject({ account: shownId<'account'>('account'), amount: decimalText }))
    .max(MOST_SPLITS)
    .optional(),
});

export const orderPath = z.object({ order_id: shownId<'order'>('order') });
export const orderNumberPath = z.object({ merchant_order_no: line(128) });
export const listOrdersQuery = z.strictObject({ ...pageFields, status: status.optional() });

/** References of ours are in lower case, and a bank that prints them in capitals means the same. */
const reference = line(64).transform((given) => given.toLowerCase());
export const searchOrdersQuery = z.strictObject({
  ...pageFields,
  merchant: shownId<'merchant'>('merchant').optional(),
  status: status.optional(),
  payment_reference: reference.optional(),
  merchant_order_no: line(128).optional(),
  provider_reference: line(300).optional(),
});

const orderFields = {
  id: shownIdOf('order'),
  merchant_order_no: z.string(),
  payment_reference: z.string().meta({ description: 'What the bank gets, and sends back in its callback' }),
  amount: shownAmount,
  currency: shownCurrency,
  fee: shownAmount,
  net: shownAmount.meta({ description: 'What remains for the merchant after fee and splits', example: '12.01' }),
  splits: z.array(z.strictObject({ account: shownIdOf('account'), amount: shownAmount })),
  channels: z.array(z.string()).nullable(),
  customer: z.string().nullable(),
  points: shownAmount.meta({ description: 'Those that a payment earns the customer', example: '12' }),
  status,
  description: z.string().nullable(),
  metadata: z.record(z.string(), z.string()),
  created_at: shownTime,
  expires_at: shownTime.nullable(),
  paid_at: shownTime.nullable(),
  ended_at: shownTime.nullable(),
};

export const orderView = z
  .strictObject(orderFields)
  .meta({ id: 'Order', description: 'What a merchant asked to be paid' });
export type OrderView = z.output<typeof orderView>;

export const operatorOrderView = z
  .strictObject({
    ...orderFields,
    merchant: shownIdOf('merchant'),
    claimed_by: shownIdOf('receipt').nullable().meta({ description: 'The receipt that is paying it just now' }),
    paid_by: shownIdOf('receipt').nullable(),
  })
  .meta({ id: 'OperatorOrder', description: 'An order with whose it is and which receipt pays it' });
export type OperatorOrderView = z.output<typeof operatorOrderView>;
