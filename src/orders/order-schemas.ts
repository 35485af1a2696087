import { z } from 'zod';
import { currencyText, decimalText, line, shownId, text } from '../http/fields';
import { pageFields } from '../http/pagination';

const MOST_SPLITS = 20;
const MOST_CHANNELS = 20;
const MOST_METADATA = 50;

const channelName = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'is not a name that a channel can have');

/** In UTC, in this millennium: what PostgreSQL reads as a time, and nothing that it reads otherwise. */
const time = z.iso
  .datetime('is a time in UTC such as "2030-01-31T12:00:00Z"')
  .max(30, 'is too long')
  .startsWith('2', 'is a time in this millennium');

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
export const listOrdersQuery = z.strictObject({
  ...pageFields,
  status: z.enum(['open', 'paid', 'closed', 'expired']).optional(),
});
