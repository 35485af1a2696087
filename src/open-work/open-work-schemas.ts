import { z } from 'zod';
import { shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { workFilters, workedOn } from '../http/work-fields';
import { WORK } from './work';

export const MESSAGE_STATUSES = ['due', 'done'] as const;

export const messagePath = z.object({ message_id: shownId<'message'>('message') });
export const searchMessagesQuery = z.strictObject({
  ...pageFields,
  status: z.enum(MESSAGE_STATUSES).optional(),
  ...workFilters,
});

export const messageView = z
  .strictObject({
    id: shownIdOf('message'),
    topic: z.string().meta({ example: 'voucher' }),
    event_key: z.string().meta({ description: 'The event that it speaks of, unique in its topic' }),
    receipt: shownIdOf('receipt').nullable().meta({ description: 'Where it asks for the voucher of a receipt' }),
    status: z.enum(MESSAGE_STATUSES),
    ...workedOn,
    created_at: shownTime,
    done_at: shownTime.nullable(),
  })
  .meta({ id: 'OutboxMessage', description: 'A reliable message: consumed until it is done' });
export type MessageView = z.output<typeof messageView>;

export const retryWorkBody = z.strictObject({
  work: z
    .array(z.enum(WORK))
    .min(1)
    .max(WORK.length)
    .default([...WORK])
    .meta({ description: 'All kinds where it is left out' }),
  older_than: z.int().min(0).max(1_000_000_000).optional().meta({ description: 'Only what is this old, in seconds' }),
  min_attempts: z
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .meta({ description: 'Only what has been tried so often at least' }),
  limit: z.int().min(1).max(5_000).default(1_000).meta({ description: 'The most rows of each kind' }),
});

const moved = z.int().min(0);
export const retriedView = z
  .strictObject({
    retried: z.strictObject({ receipts: moved, transactions: moved, messages: moved, notifications: moved }),
    more: z.boolean().meta({ description: 'Whether the limit was reached, and asking again may find more' }),
  })
  .meta({ id: 'RetriedWork', description: 'How much was made due now, by kind' });
