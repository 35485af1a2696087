import { z } from 'zod';
import { shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { workFilters, workedOn } from '../http/work-fields';
import { NOTIFICATION_STATUSES } from './delivery-store';
import { NOTIFICATION_TYPES } from './notify';

export const orderPath = z.object({ order_id: shownId<'order'>('order') });
export const notificationPath = z.object({ notification_id: shownId<'notification'>('notification') });

/** In UTC, in this millennium: what PostgreSQL reads as a time, and nothing that it reads otherwise. */
export const failedSince = z.iso
  .datetime('is a time in UTC such as "2026-11-20T00:00:00Z"')
  .max(30, 'is too long')
  .startsWith('2', 'is a time in this millennium')
  .meta({ description: 'What has failed for good at or after this time', example: '2026-11-20T00:00:00Z' });

const filters = {
  ...pageFields,
  endpoint: shownId<'endpoint'>('endpoint').optional(),
  order: shownId<'order'>('order').optional(),
  status: z.enum(NOTIFICATION_STATUSES).optional(),
  failed_since: failedSince.optional(),
};

export const listNotificationsQuery = z.strictObject(filters);
export const listAllNotificationsQuery = z.strictObject({
  ...filters,
  merchant: shownId<'merchant'>('merchant').optional(),
  ...workFilters,
  stuck: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: 'true: only what has been due by its schedule for 10 minutes and is not sent' }),
});
export const resendManyBody = z.strictObject({
  failed_since: failedSince,
  merchant: shownId<'merchant'>('merchant').optional(),
  endpoint: shownId<'endpoint'>('endpoint').optional(),
});
export const listQuery = z.strictObject(pageFields);

export const attemptView = z
  .strictObject({
    number: z.int(),
    status: z.enum(['started', 'succeeded', 'failed']),
    http_status: z.int().nullable(),
    error: z.string().nullable().meta({ example: null }),
    response_excerpt: z.string().nullable(),
    duration_ms: z.int().nullable(),
    started_at: shownTime,
    ended_at: shownTime.nullable(),
  })
  .meta({ id: 'NotificationAttempt', description: 'One request that told, or was to tell, a merchant' });

export const notificationView = z
  .strictObject({
    id: shownIdOf('notification').meta({ description: 'What `webhook-id` carries, the same in every attempt' }),
    merchant: shownIdOf('merchant'),
    order: shownIdOf('order'),
    type: z.enum(NOTIFICATION_TYPES),
    endpoint: shownIdOf('endpoint').nullable(),
    url: z.string().nullable(),
    status: z.enum(NOTIFICATION_STATUSES),
    next_attempt_at: shownTime.nullable(),
    put_off: z
      .boolean()
      .meta({ description: 'It is due and waits for its endpoint, which fails, to work again; no attempt is counted' }),
    last_error: z.string().nullable().meta({ example: null }),
    attempts_made: z.int().min(0).meta({ description: 'How many attempts were made in all' }),
    age_seconds: workedOn.age_seconds,
    trace_id: workedOn.trace_id,
    created_at: shownTime,
    ended_at: shownTime.nullable(),
    attempts: z.array(attemptView),
  })
  .meta({ id: 'Notification', description: 'An event of an order, for one endpoint, with every attempt to tell it' });
export type NotificationView = z.output<typeof notificationView>;
export type AttemptView = z.output<typeof attemptView>;
