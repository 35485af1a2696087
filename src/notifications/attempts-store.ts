import { filtered } from '../consistency/by-key';
import type { Schedule } from '../consistency/best-effort/schedule';
import type { ClaimableTable } from '../consistency/claims';
import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import { type EndpointId, type NotificationId, type OrderId, idOf } from '../core/ids';
import type { Traceparent } from '../core/traceparent';

/** A claimed notification; `attempts` includes the attempt that the claim opens. */
export interface ClaimedNotification {
  readonly id: NotificationId;
  readonly orderId: OrderId;
  readonly endpointId: EndpointId;
  readonly payload: string;
  readonly attempts: number;
  readonly traceparent: Traceparent | null;
  readonly schedule: Schedule;
  /** How many attempts had been made when this schedule began. */
  readonly scheduleFrom: number;
}

export const NOTIFICATIONS: ClaimableTable<'orders'> = {
  schema: 'orders',
  table: 'notifications',
  key: 'id',
  due: ['scheduled'],
  columns:
    't.id, t.order_id as "orderId", t.endpoint_id as "endpointId", t.payload, t.attempts, t.schedule, ' +
    't.schedule_from as "scheduleFrom", t.traceparent',
};

/**
 * An attempt that is still `started` when its notification is claimed again was cut off: nobody knows what became of it.
 * It is closed as failed with words that say so.
 */
const CLOSE_UNKNOWN = `update orders.notification_attempts a
    set status = 'failed', error = 'the process ended before the answer was recorded: the result is unknown',
        ended_at = clock_timestamp()
   from listed where a.notification_id = listed.id and a.status = 'started'`;

const START = statement(
  'orders.notification_attempts.start',
  `with listed as (
     select * from unnest($1::uuid[], $2::int[], $3::bigint[]) as l(id, number, next_after_ms)
   ), unknown as (${CLOSE_UNKNOWN}
   ), later as (
     update orders.notifications n
        set next_try_at = clock_timestamp() + listed.next_after_ms * interval '1 millisecond'
       from listed where n.id = listed.id and listed.next_after_ms is not null
   )
   insert into orders.notification_attempts (notification_id, number, status)
   select id, number, 'started' from listed`,
);
const startColumns = columnsOf<StartedAttempt>(
  (attempt) => attempt.id,
  (attempt) => attempt.number,
  (attempt) => attempt.nextAfterMs,
);

export interface StartedAttempt {
  readonly id: NotificationId;
  readonly number: number;
  /** Where the schedule's next delay is longer than the lease: the time of the next attempt, should this process die. */
  readonly nextAfterMs: number | null;
}

/** Records, in the claim's own transaction, that these attempts are about to be made. */
export function startAttempts(tx: Tx<'orders'>, attempts: readonly StartedAttempt[]): void {
  tx.send(START, startColumns(attempts));
}

const SET_ASIDE = statement(
  'orders.notifications.set_aside',
  `with listed as (select * from unnest($1::uuid[], $2::text[]) as l(id, status)
   ), unknown as (${CLOSE_UNKNOWN})
   update orders.notifications n
      set status = listed.status, attempts = n.attempts - 1, lease_token = null,
          put_off = false, ended_at = clock_timestamp()
     from listed where n.id = listed.id`,
);

export interface EndedUntried {
  readonly id: NotificationId;
  readonly status: 'exhausted' | 'endpoint_disabled';
}

const asideColumns = columnsOf<EndedUntried>(
  (end) => end.id,
  (end) => end.status,
);

/** Ends claimed notifications without an attempt, in the claim's own transaction; the claim does not count. */
export async function setAside(tx: Tx<'orders'>, ends: readonly EndedUntried[]): Promise<void> {
  await tx.query(SET_ASIDE, asideColumns(ends));
}

export type EndedStatus = 'delivered' | 'scheduled' | 'exhausted' | 'endpoint_disabled';

export interface EndedAttempt {
  readonly id: NotificationId;
  readonly orderId: OrderId;
  readonly endpointId: EndpointId;
  readonly traceparent: Traceparent | null;
  readonly token: string;
  readonly number: number;
  readonly succeeded: boolean;
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number;
  /** What the notification becomes. */
  readonly status: EndedStatus;
  readonly sinceAttemptMs: number;
  readonly sinceAnswerMs: number;
}

/**
 * The rows are locked in one order before they are changed, so that lists of several processes cannot lock each other
 * out. An attempt is ended by whoever started it; the notification only while the token still holds.
 */
const END = statement(
  'orders.notification_attempts.end',
  `with r as (
     select * from unnest($1::uuid[], $2::uuid[], $3::int[], $4::text[], $5::int[], $6::text[], $7::text[], $8::int[],
                          $9::text[], $10::bigint[], $11::bigint[])
       as r(id, token, number, attempt_status, http_status, error, excerpt, duration_ms, status, since_attempt, since_answer)
   ), mine as (
     select r.* from r join orders.notifications n on n.id = r.id and n.lease_token = r.token
      where ${filtered(`n.status = 'scheduled'`)} order by n.id for update of n
   ), ended as (
     update orders.notification_attempts a
        set status = r.attempt_status, http_status = r.http_status, error = r.error, response_excerpt = r.excerpt,
            duration_ms = r.duration_ms, ended_at = clock_timestamp()
       from r where a.notification_id = r.id and a.number = r.number and a.status = 'started'
   )
   update orders.notifications n
      set status = mine.status, last_error = mine.error, lease_token = null, enqueued_until = clock_timestamp(),
          put_off = false,
          next_try_at = case when mine.status <> 'scheduled' then n.next_try_at
            else greatest((select a.started_at from orders.notification_attempts a
                            where a.notification_id = mine.id and a.number = mine.number)
                            + mine.since_attempt * interval '1 millisecond',
                          clock_timestamp() + mine.since_answer * interval '1 millisecond') end,
          ended_at = case when mine.status <> 'scheduled' then clock_timestamp() end
     from mine where n.id = mine.id
   returning n.id`,
);
const endColumns = columnsOf<EndedAttempt>(
  (one) => one.id,
  (one) => one.token,
  (one) => one.number,
  (one) => (one.succeeded ? 'succeeded' : 'failed'),
  (one) => one.httpStatus,
  (one) => one.error,
  (one) => one.excerpt,
  (one) => one.durationMs,
  (one) => one.status,
  (one) => one.sinceAttemptMs,
  (one) => one.sinceAnswerMs,
);

/** @returns the ids whose notification was still ours to change */
export async function endAttempts(tx: Tx<'orders'>, ended: readonly EndedAttempt[]): Promise<NotificationId[]> {
  const rows = await tx.query<{ id: NotificationId }>(END, endColumns(ended));
  return rows.map(idOf);
}
