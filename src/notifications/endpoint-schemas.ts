import { z } from 'zod';
import { OWN_SCHEDULE, SCHEDULES, type Schedule, isSchedule } from '../consistency/best-effort/schedule';
import { line, shownId } from '../http/fields';
import { pageFields } from '../http/pagination';
import { isSecret } from './endpoint-secret';

const SCHEDULE_EXPECTED =
  `is one of ${Object.keys(SCHEDULES).join(', ')}, or a list of 1 to ${OWN_SCHEDULE.most} delays in seconds, ` +
  `each at most ${OWN_SCHEDULE.longestSeconds}`;

const url = line(2000).refine(isCallable, 'is an http or https URL without user name, password and fragment');
const schedule = z.custom<Schedule>(isSchedule, SCHEDULE_EXPECTED);
const secret = z.string().max(200).refine(isSecret, 'is "whsec_" and the base64 of 24 to 64 bytes');

export const createEndpointBody = z.strictObject({
  url,
  schedule: schedule.default('standard'),
  success_rule: z.enum(['status_2xx', 'body_success']).default('status_2xx'),
  secret: secret.optional(),
});

export const rotateSecretBody = z
  .strictObject({
    secret: secret.optional(),
    /** How long the secret so far stays good beside the new one. */
    overlap_seconds: z
      .int()
      .min(0)
      .max(30 * 24 * 60 * 60)
      .default(24 * 60 * 60),
  })
  .default({ overlap_seconds: 24 * 60 * 60 });

export const merchantPath = z.object({ merchant_id: shownId<'merchant'>('merchant') });
export const endpointPath = merchantPath.extend({ endpoint_id: shownId<'endpoint'>('endpoint') });
export const orderPath = z.object({ order_id: shownId<'order'>('order') });
export const listQuery = z.strictObject(pageFields);

function isCallable(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const parsed = new URL(text);
  const isHttp = parsed.protocol === 'https:' || parsed.protocol === 'http:';
  return isHttp && parsed.username === '' && parsed.password === '' && parsed.hash === '';
}
