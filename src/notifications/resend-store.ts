import { type Database, type Tx, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId, NotificationId } from '../core/ids';

/** What must be known of a notification before it may be resent. */
export interface Resendable {
  readonly id: NotificationId;
  readonly merchantId: MerchantId;
  readonly endpointStatus: 'active' | 'disabled' | null;
  /** An attempt began a moment ago and has not ended. */
  readonly inFlight: boolean;
}

const LOCK_ONE = statement(
  'orders.notifications.lock_for_resend',
  `select n.id from orders.notifications n where n.id = $1 for update`,
);
/** Read after the lock, so that it sees what the one before has done. Past a minute an attempt was cut off. */
const RESENDABLE = statement(
  'orders.notifications.resendable',
  `select n.id, n.merchant_id as "merchantId", e.status as "endpointStatus",
          exists (select 1 from orders.notification_attempts a
                   where a.notification_id = n.id and a.status = 'started'
                     and a.started_at > clock_timestamp() - interval '1 minute') as "inFlight"
     from orders.notifications n left join orders.notification_endpoints e on e.id = n.endpoint_id
    where n.id = $1`,
);

/** Locks a notification and says whether it may be resent; undefined where there is none. */
export async function lockForResend(tx: Tx<'orders'>, id: NotificationId): Promise<Resendable | undefined> {
  await tx.query(LOCK_ONE, [id]);
  return (await tx.query<Resendable>(RESENDABLE, [id]))[0];
}

/** So many a second become due, and the rest after them: a server that has just come back must not be overrun. */
const RESENT_PER_SECOND = 50;

/**
 * A resent notification keeps its id and its text, and follows its endpoint's schedule anew; its attempts are counted on.
 * What is sent at once is left to the hint after the commit.
 */
const RESCHEDULE = statement(
  'orders.notifications.reschedule',
  `update orders.notifications n
      set status = 'scheduled', ended_at = null, lease_token = null, put_off = false,
          schedule = e.schedule, schedule_from = n.attempts,
          next_try_at = clock_timestamp() + (listed.place - 1) / ${RESENT_PER_SECOND}.0 * interval '1 second',
          enqueued_until = clock_timestamp() + (listed.place - 1) / ${RESENT_PER_SECOND}.0 * interval '1 second'
     from unnest($1::uuid[]) with ordinality as listed(id, place), orders.notification_endpoints e
    where n.id = listed.id and e.id = n.endpoint_id and e.status = 'active'
      and not exists (select 1 from orders.notification_attempts a
                       where a.notification_id = n.id and a.status = 'started'
                         and a.started_at > clock_timestamp() - interval '1 minute')
   returning n.id`,
);

/** The place of a row in the list counts per endpoint: so many a second become due of each. */
const RESCHEDULE_FAILED = statement(
  'orders.notifications.reschedule_failed',
  `with failed as materialized (
     select due.id, e.id as endpoint_id, e.schedule, due.ended_at
       from orders.notification_endpoints e,
            lateral (select n.id, n.ended_at from orders.notifications n
                      where n.endpoint_id = e.id and n.status in ('exhausted', 'endpoint_disabled')
                        and n.ended_at >= $1::timestamptz
                        and not exists (select 1 from orders.notification_attempts a
                                         where a.notification_id = n.id and a.status = 'started'
                                           and a.started_at > clock_timestamp() - interval '1 minute')
                      order by n.ended_at limit $4 for update skip locked) due
      where e.status = 'active' and ($2::uuid is null or e.merchant_id = $2) and ($3::uuid is null or e.id = $3)
      limit $4),
   placed as (
     select id, schedule, (row_number() over (partition by endpoint_id order by ended_at) - 1) / ${RESENT_PER_SECOND}.0 as wait
       from failed),
   moved as (
     update orders.notifications n
        set status = 'scheduled', ended_at = null, lease_token = null, put_off = false,
            schedule = placed.schedule, schedule_from = n.attempts,
            next_try_at = clock_timestamp() + placed.wait * interval '1 second',
            enqueued_until = clock_timestamp() + placed.wait * interval '1 second'
       from placed where n.id = placed.id
     returning 1)
   select (select count(*)::int from failed) as found, (select count(*)::int from moved) as resent`,
);

/** Schedules anew what has failed for good since then at endpoints that are active, longest ago first of each. */
export async function rescheduleFailed(
  db: Database<'orders'>,
  since: string,
  {
    merchantId,
    endpointId,
  }: { readonly merchantId: MerchantId | undefined; readonly endpointId: EndpointId | undefined },
  limit: number,
): Promise<{ found: number; resent: number }> {
  const values = [since, merchantId ?? null, endpointId ?? null, limit];
  const [row] = await db.write<{ found: number; resent: number }>(RESCHEDULE_FAILED, values);
  return row ?? { found: 0, resent: 0 };
}

/** Schedules these anew, in their order; those that are being sent just now are left as they are. */
export async function reschedule(tx: Tx<'orders'>, ids: readonly NotificationId[]): Promise<NotificationId[]> {
  const rows = await tx.query<{ id: NotificationId }>(RESCHEDULE, [ids]);
  return rows.map((row) => row.id);
}

const LOCK_FAILED = statement(
  'orders.notifications.lock_failed',
  `select id from orders.notifications
    where endpoint_id = $1 and status in ('exhausted', 'endpoint_disabled')
      and ended_at >= coalesce($2::timestamptz, clock_timestamp() - $3::int * interval '1 day')
      and ($4::boolean or status = 'endpoint_disabled')
    order by ended_at limit $5 for update skip locked`,
);

/** Since a time, or within the last days; with `exhaustedToo` false, only what its endpoint's disabling has ended. */
export interface WhichFailed {
  readonly since?: string;
  readonly days?: number;
  readonly exhaustedToo: boolean;
}

/** Locks what has failed for good, longest ago first. */
export async function lockFailed(
  tx: Tx<'orders'>,
  endpointId: EndpointId,
  { since, days, exhaustedToo }: WhichFailed,
  limit: number,
): Promise<NotificationId[]> {
  const values = [endpointId, since ?? null, days ?? 0, exhaustedToo, limit];
  const rows = await tx.query<{ id: NotificationId }>(LOCK_FAILED, values);
  return rows.map((row) => row.id);
}
