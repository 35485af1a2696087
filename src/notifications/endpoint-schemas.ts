import { z } from 'zod';
import { OWN_SCHEDULE, SCHEDULES, type Schedule, isSchedule } from '../consistency/best-effort/schedule';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { shownIdOf, shownTime } from '../http/shown';
import { isSecret } from './endpoint-secret';
import { failedSince } from './notification-schemas';
import { NOTIFICATION_TYPES } from './notify';

const SCHEDULE_EXPECTED =
  `is one of ${Object.keys(SCHEDULES).join(', ')}, or a list of 1 to ${OWN_SCHEDULE.most} delays in seconds, ` +
  `each at most ${OWN_SCHEDULE.longestSeconds}`;

const url = line(2000)
  .refine(isCallable, 'is an http or https URL without user name, password and fragment')
  .meta({ example: 'https://shop.example/quittance' });
const SCHEDULE_NAMES = Object.keys(SCHEDULES) as [keyof typeof SCHEDULES, ...(keyof typeof SCHEDULES)[]];
const schedule = z
  .union([
    z.enum(SCHEDULE_NAMES),
    z.array(z.int().min(0).max(OWN_SCHEDULE.longestSeconds)).min(1).max(OWN_SCHEDULE.most),
  ])
  .refine(isSchedule, SCHEDULE_EXPECTED)
  .meta({
    description: `It ${SCHEDULE_EXPECTED}; the first counts from the event, each other from the attempt before`,
  });
const secret = z.string().max(200).refine(isSecret, 'is "whsec_" and the base64 of 24 to 64 bytes');
const successRule = z
  .enum(['status_2xx', 'body_success'])
  .meta({ description: 'What an attempt needs: any 2xx, or a 2xx whose body is exactly `success`' });
const eventTypes = z
  .array(z.enum(NOTIFICATION_TYPES))
  .min(1)
  .max(NOTIFICATION_TYPES.length)
  .nullable()
  .meta({ description: 'Only these events; null for all', example: ['order.paid'] });

export const createEndpointBody = z.strictObject({
  url,
  schedule: schedule.default('standard'),
  success_rule: successRule.default('status_2xx'),
  event_types: eventTypes.default(null),
  secret: secret.optional(),
});

export const updateEndpointBody = z.strictObject({
  url: url.optional(),
  schedule: schedule.optional(),
  success_rule: successRule.optional(),
  event_types: eventTypes.optional(),
});

export const rotateSecretBody = z
  .strictObject({
    secret: secret.optional(),
    overlap_seconds: z
      .int()
      .min(0)
      .max(30 * 24 * 60 * 60)
      .default(24 * 60 * 60)
      .meta({ description: 'How long the secret so far stays good beside the new one' }),
  })
  .default({ overlap_seconds: 24 * 60 * 60 });

export const resendFailedBody = z.strictObject({ failed_since: failedSince });

export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const endpointPath = z.object({ endpoint_id: shownId<'endpoint'>('endpoint') });
export const listQuery = z.strictObject(pageFields);

const shownSchedule = z.custom<Schedule>(isSchedule).meta({
  type: ['string', 'array'],
  items: { type: 'integer' },
  description: 'The name of a schedule, or the delays of its attempts in seconds',
  example: 'standard',
});

export const endpointView = z
  .strictObject({
    id: shownIdOf('endpoint'),
    merchant: shownIdOf('merchant'),
    url: z.string(),
    schedule: shownSchedule,
    success_rule: successRule,
    event_types: z.array(z.enum(NOTIFICATION_TYPES)).nullable().meta({ description: 'null wants all' }),
    status: z.enum(['active', 'disabled']),
    disabled_reason: z.string().nullable().meta({ example: null }),
    disabled_at: shownTime.nullable(),
    failing_since: shownTime
      .nullable()
      .meta({ description: 'Since when every attempt has failed; null where it works' }),
    failed_attempts: z.int().meta({ description: 'How many attempts have failed since then' }),
    last_error: z.string().nullable().meta({ description: 'Of the last attempt that failed', example: null }),
    last_failure_at: shownTime.nullable(),
    previous_secret_until: shownTime
      .nullable()
      .meta({ description: 'Until then the secret before the present one signs too' }),
    created_at: shownTime,
  })
  .meta({ id: 'Endpoint', description: 'A URL that is told of the ends of orders' });
export type EndpointView = z.output<typeof endpointView>;

export const endpointWithSecretView = endpointView
  .extend({ secret: z.string().meta({ description: 'Shown in this answer only' }) })
  .meta({ id: 'EndpointWithSecret', description: 'An endpoint with the secret that signs its notifications' });

export const resentView = z
  .strictObject({
    resent: z.int().meta({ description: 'How many notifications are scheduled anew, 50 a second' }),
    remaining: z.boolean().meta({ description: 'Whether there may be more, for another call' }),
  })
  .meta({ id: 'Resent', description: 'What a resend of many did' });

export const enabledView = endpointView
  .extend(resentView.shape)
  .meta({ id: 'EnabledEndpoint', description: 'An endpoint that was enabled, and what is resent to it' });

export const pingView = z
  .strictObject({
    id: shownIdOf('notification').meta({ description: 'The `webhook-id` that was sent' }),
    status: z.enum(['succeeded', 'failed']),
    http_status: z.int().nullable(),
    error: z.string().nullable().meta({ example: null }),
    response_excerpt: z.string().nullable(),
    duration_ms: z.int(),
    sent_at: shownTime,
  })
  .meta({ id: 'Ping', description: 'What happened to a test message' });

function isCallable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const parsed = new URL(text);
  const isHttp = parsed.protocol === 'https:' || parsed.protocol === 'http:';
  return isHttp && parsed.username === '' && parsed.password === '' && parsed.hash === '';
}
