import { filtered } from '../consistency/by-key';
import type { Schedule } from '../consistency/best-effort/schedule';
import { columnsOf } from '../consistency/columns';
import { type Database, type Tx, inTransaction, statement } from '../consistency/transaction';
import { type EndpointId, type MerchantId, type NotificationId, type OrderId, idOf } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { NotificationType } from './notify';

export interface NewNotification {
  readonly id: NotificationId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  /** null says that the merchant had no active endpoint. */
  readonly endpointId: EndpointId | null;
  readonly type: NotificationType;
  readonly payload: string;
  /** Until its first attempt, or, where that begins with it, until somebody may take it for lost. */
  readonly delayMs: number;
  /** The claim under which its first attempt begins with it; null where the attempt is claimed later. */
  readonly token: string | null;
  readonly traceparent: Traceparent | null;
  /** The one that its endpoint has now; null without an endpoint. */
  readonly schedule: Schedule | null;
}

/**
 * What is due at once is left to the hint that follows the commit; the sweep looks only where the hint was lost. Rows go in
 * by their key, so that two transactions which announce the same cannot wait for each other.
 */
const INSERT = statement(
  'orders.notifications.insert',
  `with announced as (
     insert into orders.notifications
       (id, merchant_id, order_id, endpoint_id, type, payload, schedule, status, next_try_at, enqueued_until, lease_token,
        attempts, ended_at, traceparent)
     select n.id, n.merchant_id, n.order_id, n.endpoint_id, n.type, n.payload, n.schedule,
            case when n.endpoint_id is null then 'no_endpoint' else 'scheduled' end,
            clock_timestamp() + n.delay_ms * interval '1 millisecond',
            clock_timestamp() + case when n.delay_ms = 0 then interval '15 seconds' else interval '0' end,
            n.token, case when n.token is null then 0 else 1 end,
            case when n.endpoint_id is null then clock_timestamp() end,
            n.traceparent
       from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::uuid[], $9::jsonb[],
                   $10::text[])
         as n(id, merchant_id, order_id, endpoint_id, type, payload, delay_ms, token, schedule, traceparent)
      order by n.order_id, n.type, n.endpoint_id
     on conflict do nothing
     returning id, lease_token)
   insert into orders.notification_attempts (notification_id, number, status)
   select id, 1, 'started' from announced where lease_token is not null
   returning notification_id as id`,
);
const notificationColumns = columnsOf<NewNotification>(
  (row) => row.id,
  (row) => row.merchantId,
  (row) => row.orderId,
  (row) => row.endpointId,
  (row) => row.type,
  (row) => row.payload,
  (row) => row.delayMs,
  (row) => row.token,
  (row) => (row.schedule === null ? null : JSON.stringify(row.schedule)),
  (row) => row.traceparent,
);

/**
 * What was announced before stays as it is.
 * @returns those whose first attempt begins with them
 */
export async function insertNotifications(
  tx: Tx<'orders'>,
  rows: readonly NewNotification[],
): Promise<readonly NotificationId[]> {
  return (await tx.query<{ id: NotificationId }>(INSERT, notificationColumns(rows))).map(idOf);
}

const IS_DUE = filtered(`status = 'scheduled' and next_try_at <= clock_timestamp()`);

const DUE = statement(
  'orders.notifications.due',
  `select id, endpoint_id as "endpointId" from orders.notifications
    where id = any($1::uuid[]) and ${IS_DUE}
    order by next_try_at`,
);

/** Those of the ids that are still due, longest overdue first. */
export function dueNotifications(
  db: Database<'orders'>,
  ids: readonly string[],
): Promise<{ id: NotificationId; endpointId: EndpointId }[]> {
  return db.query(DUE, [ids]);
}

/**
 * A row that is handed out or put off moves to the end of what the sweep looks at, so that every look reads only what it
 * deals with. Of one endpoint's rows a look hands out few and puts the others off: a thousand that are due together must
 * not stand before those of everybody else. `put_off` rows are drawn by whoever works for their endpoint (`drawPutOff`).
 */
const OVERDUE = statement(
  'orders.notifications.mark_overdue',
  `with seen as (
     select id, endpoint_id, greatest(next_try_at, enqueued_until) as since from orders.notifications
      where status = 'scheduled' and greatest(next_try_at, enqueued_until) <= (select clock_timestamp())
      order by greatest(next_try_at, enqueued_until) limit $1 for update skip locked
   ), ranked as (
     select id, row_number() over (partition by endpoint_id order by since) > $2 as beyond from seen
   )
   update orders.notifications n
      set put_off = ranked.beyond,
          enqueued_until = clock_timestamp() + case when ranked.beyond
            then interval '10 minutes' * (1 + 0.5 * random()) else interval '30 seconds' end
     from ranked where n.id = ranked.id
   returning n.id, n.put_off as "putOff"`,
);

/**
 * Looks at up to `limit` rows that are due and that no queue is known to hold. Those that are not put off are not given
 * again for 30 seconds.
 */
export function markOverdue(
  db: Database<'orders'>,
  limit: number,
  perEndpoint: number,
): Promise<{ id: NotificationId; putOff: boolean }[]> {
  return inTransaction(db, 'notifications.mark_overdue', (tx) => tx.query(OVERDUE, [limit, perEndpoint]));
}

const PUT_OFF = statement(
  'orders.notifications.put_off',
  `update orders.notifications n
      set put_off = true, enqueued_until = clock_timestamp() + interval '10 minutes' * (1 + 0.5 * random())
     from (select id from orders.notifications
            where id = any($1::uuid[]) and ${IS_DUE}
            order by id for update skip locked) due
    where n.id = due.id`,
);

/** Lets what is due wait in the database, and counts no attempt. */
export async function putOff(db: Database<'orders'>, ids: readonly NotificationId[]): Promise<void> {
  await inTransaction(db, 'notifications.put_off', (tx) => tx.query(PUT_OFF, [ids]));
}

const DRAW_PUT_OFF = statement(
  'orders.notifications.draw_put_off',
  `update orders.notifications n set put_off = false, enqueued_until = clock_timestamp() + interval '30 seconds'
     from (select due.id from unnest($1::uuid[], $2::int[]) as wish(endpoint_id, many),
                  lateral (select id from orders.notifications
                            where endpoint_id = wish.endpoint_id and status = 'scheduled' and put_off
                              and next_try_at <= (select clock_timestamp())
                            order by next_try_at limit wish.many for update skip locked) due) drawn
    where n.id = drawn.id
   returning n.id, n.endpoint_id as "endpointId"`,
);

interface Wish {
  readonly endpoint: EndpointId;
  readonly many: number;
}

const wishColumns = columnsOf<Wish>(
  (wish) => wish.endpoint,
  (wish) => wish.many,
);

/** Takes back, for each endpoint, up to so many of those that were put off, longest due first. */
export function drawPutOff(
  db: Database<'orders'>,
  wishes: readonly Wish[],
): Promise<{ id: NotificationId; endpointId: EndpointId }[]> {
  return inTransaction(db, 'notifications.draw_put_off', (tx) => tx.query(DRAW_PUT_OFF, wishColumns(wishes)));
}

/** Steps from one endpoint to the next in the index, however many rows each of them has. */
const WITH_PUT_OFF = statement(
  'orders.notifications.endpoints_with_put_off',
  `with recursive one(id) as (
     (select endpoint_id from orders.notifications
       where status = 'scheduled' and put_off and endpoint_id > $1 order by endpoint_id limit 1)
     union all
     select (select n.endpoint_id from orders.notifications n
              where n.status = 'scheduled' and n.put_off and n.endpoint_id > one.id order by n.endpoint_id limit 1)
       from one where one.id is not null
   )
   select id from one where id is not null limit $2`,
);

/** Endpoints for which something is put off, in the order of their ids from the one after `after`. */
export async function endpointsWithPutOff(
  db: Database<'orders'>,
  after: EndpointId | undefined,
  limit: number,
): Promise<EndpointId[]> {
  const rows = await db.query<{ id: EndpointId }>(WITH_PUT_OFF, [after ?? LOWEST_ID, limit]);
  return rows.map(idOf);
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';
