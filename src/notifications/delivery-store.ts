import { type Database, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId, NotificationId, OrderId } from '../core/ids';
import type { NotificationType } from './notify';

/** What became of one notification so far, for whoever asks. */
export interface Delivery {
  readonly id: NotificationId;
  readonly orderId: OrderId;
  readonly endpointId: EndpointId | null;
  readonly url: string | null;
  readonly type: NotificationType;
  readonly status: 'scheduled' | 'delivered' | 'exhausted' | 'no_endpoint' | 'endpoint_disabled';
  readonly nextTryAt: Date;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
}

export interface DeliveryAttempt {
  readonly notificationId: NotificationId;
  readonly number: number;
  readonly status: 'started' | 'succeeded' | 'failed';
  readonly httpStatus: number | null;
  readonly error: string | null;
  readonly excerpt: string | null;
  readonly durationMs: number | null;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}

const ORDER_EXISTS = statement(
  'orders.notifications.order_exists',
  `select 1 from orders.orders where id = $1 and merchant_id = $2`,
);

export async function orderExists(db: Database<'orders'>, orderId: OrderId, merchantId: MerchantId): Promise<boolean> {
  return (await db.query(ORDER_EXISTS, [orderId, merchantId])).length > 0;
}

const OF_ORDER = statement(
  'orders.notifications.of_order',
  `select n.id, n.order_id as "orderId", n.endpoint_id as "endpointId", e.url, n.type, n.status,
          n.next_try_at as "nextTryAt", n.created_at as "createdAt", n.ended_at as "endedAt"
     from orders.notifications n left join orders.notification_endpoints e on e.id = n.endpoint_id
    where n.order_id = $1 and ($2::uuid is null or n.id > $2) order by n.id limit $3`,
);

/** Oldest first, from the one after `after`. */
export function deliveriesOfOrder(
  db: Database<'orders'>,
  orderId: OrderId,
  after: string | undefined,
  limit: number,
): Promise<Delivery[]> {
  return db.query<Delivery>(OF_ORDER, [orderId, after ?? null, limit]);
}

const ATTEMPTS = statement(
  'orders.notification_attempts.of_notifications',
  `select notification_id as "notificationId", number, status, http_status as "httpStatus", error,
          response_excerpt as excerpt, duration_ms as "durationMs", started_at as "startedAt", ended_at as "endedAt"
     from orders.notification_attempts where notification_id = any($1::uuid[]) order by notification_id, number`,
);

export function attemptsOf(db: Database<'orders'>, ids: readonly NotificationId[]): Promise<DeliveryAttempt[]> {
  return db.query<DeliveryAttempt>(ATTEMPTS, [ids]);
}
