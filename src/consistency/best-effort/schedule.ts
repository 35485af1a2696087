import type { Jitter } from '../../core/backoff';

/**
 * Terminology
 * - schedule: the delays, in seconds, of all attempts. The first counts from the event, each further one from the attempt
 *   before it. When the list is over, nothing more is tried: the other side asks us.
 *
 * `alipay` and `wechat` repeat as those gateways repeat their own notifications (Alipay: asynchronous notification;
 * WeChat Pay v3: payment result notification), which is what many merchants' code is written for; `standard` follows the
 * recommendation of the Standard Webhooks specification.
 */
const second = 1;
const minute = 60 * second;
const hour = 60 * minute;

export const SCHEDULES = {
  standard: [0, 5, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 10 * hour, 14 * hour, 20 * hour, 24 * hour],
  alipay: [0, 4 * minute, 10 * minute, 10 * minute, hour, 2 * hour, 6 * hour, 15 * hour],
  wechat: [
    ...[0, 15, 15, 30, 3 * minute, 10 * minute, 20 * minute, 30 * minute, 30 * minute, 30 * minute],
    ...[hour, 3 * hour, 3 * hour, 3 * hour, 6 * hour, 6 * hour],
  ],
} as const satisfies Record<string, readonly number[]>;
export type ScheduleName = keyof typeof SCHEDULES;

/** A named schedule, or an own list of 1 to 30 delays in whole seconds, each of at most seven days. */
export type Schedule = ScheduleName | readonly number[];

export const OWN_SCHEDULE = { most: 30, longestSeconds: 7 * 24 * hour } as const;

/** How much longer than written a delay may become, so that what failed together does not come back together. */
const JITTER = 0.2;

export function isSchedule(value: unknown): value is Schedule {
  if (typeof value === 'string') return Object.hasOwn(SCHEDULES, value);
  if (!Array.isArray(value) || value.length < 1 || value.length > OWN_SCHEDULE.most) return false;
  return value.every((delay) => Number.isInteger(delay) && delay >= 0 && delay <= OWN_SCHEDULE.longestSeconds);
}

export function delaysOf(schedule: Schedule): readonly number[] {
  return typeof schedule === 'string' ? SCHEDULES[schedule] : schedule;
}

/**
 * @param attemptsMade 0 before the first attempt
 * @returns milliseconds from the attempt before (from the event, for the first) to the next attempt, with up to 20 %
 * added; undefined when the schedule is over
 */
export function nextDelayMs(schedule: Schedule, attemptsMade: number, jitter: Jitter): number | undefined {
  const seconds = delaysOf(schedule)[attemptsMade];
  return seconds === undefined ? undefined : Math.round(seconds * 1000 * (1 + JITTER * jitter()));
}
