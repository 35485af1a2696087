import type { Schedule } from '../consistency/best-effort/schedule';
import { type Database, type Tx, inTransaction, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId, NotificationId, OrderId } from '../core/ids';
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
  readonly delayMs: number;
  readonly traceparent: Traceparent | null;
}

interface ActiveEndpoint {
  readonly id: EndpointId;
  readonly merchantId: MerchantId;
  readonly schedule: Schedule;
}

const ACTIVE_ENDPOINTS = statement(
  'orders.notification_endpoints.active',
  `select id, merchant_id as "merchantId", schedule from orders.notification_endpoints
    where merchant_id = any($1::uuid[]) and status = 'active' order by id`,
);

export function activeEndpoints(tx: Tx<'orders'>, merchantIds: readonly MerchantId[]): Promise<ActiveEndpoint[]> {
  return tx.query<ActiveEndpoint>(ACTIVE_ENDPOINTS, [merchantIds]);
}

/**
 * What is due at once is left to the hint that follows the commit; the sweep looks only where the hint was lost. Rows go in
 * by their key, so that two transactions which announce the same cannot wait for each other.
 */
const INSERT = statement(
  'orders.notifications.insert',
  `insert into orders.notifications
     (id, merchant_id, order_id, endpoint_id, type, payload, status, next_try_at, enqueued_until, ended_at, traceparent)
   select n.id, n.merchant_id, n.order_id, n.endpoint_id, n.type, n.payload,
          case when n.endpoint_id is null then 'no_endpoint' else 'scheduled' end,
          clock_timestamp() + n.delay_ms * interval '1 millisecond',
          clock_timestamp() + case when n.delay_ms = 0 then interval '15 seconds' else interval '0' end,
          case when n.endpoint_id is null then clock_timestamp() end,
          n.traceparent
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::text[])
       as n(id, merchant_id, order_id, endpoint_id, type, payload, delay_ms, traceparent)
    order by n.order_id, n.type, n.endpoint_id
   on conflict do nothing
   returning id`,
);

/** @returns the ids that were written; the others were announced before */
export async function insertNotifications(
  tx: Tx<'orders'>,
  rows: readonly NewNotification[],
): Promise<NotificationId[]> {
  const written = await tx.query<{ id: NotificationId }>(INSERT, [
    rows.map((row) => row.id),
    rows.map((row) => row.merchantId),
    rows.map((row) => row.orderId),
    rows.map((row) => row.endpointId),
    rows.map((row) => row.type),
    rows.map((row) => row.payload),
    rows.map((row) => row.delayMs),
    rows.map((row) => row.traceparent),
  ]);
  return written.map((row) => row.id);
}

const DUE = statement(
  'orders.notifications.due',
  `select id, endpoint_id as "endpointId" from orders.notifications
    where id = any($1::uuid[]) and status = 'scheduled' and next_try_at <= clock_timestamp()
    order by next_try_at`,
);

/** Those of the ids that are still due, longest overdue first. */
export function dueNotifications(
  db: Database<'orders'>,
  ids: readonly string[],
): Promise<{ id: NotificationId; endpointId: EndpointId }[]> {
  return db.query(DUE, [ids]);
}

const OVERDUE = statement(
  'orders.notifications.mark_overdue',
  `update orders.notifications n set enqueued_until = clock_timestamp() + interval '30 seconds'
     from (select id from orders.notifications
            where status = 'scheduled' and next_try_at <= (select clock_timestamp())
              and enqueued_until <= (select clock_timestamp())
            order by next_try_at limit $1 for update skip locked) overdue
    where n.id = overdue.id
   returning n.id`,
);

/** Rows that are due and that no queue is known to hold; they are not given again for 30 seconds. */
export async function markOverdue(db: Database<'orders'>, limit: number): Promise<NotificationId[]> {
  const rows = await inTransaction(db, (tx) => tx.query<{ id: NotificationId }>(OVERDUE, [limit]));
  return rows.map((row) => row.id);
}
