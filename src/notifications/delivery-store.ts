import { type Database, type Statement, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId, NotificationId, OrderId } from '../core/ids';
import { STUCK_AFTER_SECONDS } from '../core/stuck';
import type { Traceparent } from '../core/traceparent';
import type { NotificationType } from './notify';

export const NOTIFICATION_STATUSES = [
  'scheduled',
  'delivered',
  'exhausted',
  'no_endpoint',
  'endpoint_disabled',
] as const;
export type NotificationStatus = (typeof NOTIFICATION_STATUSES)[number];

/** What became of one notification so far, for whoever asks. */
export interface Delivery {
  readonly id: NotificationId;
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly endpointId: EndpointId | null;
  readonly url: string | null;
  readonly type: NotificationType;
  readonly status: NotificationStatus;
  readonly nextTryAt: Date;
  /** Due, and waiting for its endpoint to work again: `nextTryAt` is then when it comes back by itself. */
  readonly putOff: boolean;
  readonly lastError: string | null;
  readonly attemptsMade: number;
  readonly ageSeconds: number;
  readonly traceparent: Traceparent | null;
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

const SHOWN = `n.id, n.merchant_id as "merchantId", n.order_id as "orderId", n.endpoint_id as "endpointId", e.url, n.type,
  n.status, case when n.put_off then greatest(n.next_try_at, n.enqueued_until) else n.next_try_at end as "nextTryAt",
  n.put_off as "putOff", n.last_error as "lastError", n.attempts as "attemptsMade", n.traceparent,
  greatest(floor(extract(epoch from coalesce(n.ended_at, clock_timestamp()) - n.created_at)), 0)::int as "ageSeconds",
  n.created_at as "createdAt", n.ended_at as "endedAt"`;

const OF_ORDER = statement(
  'orders.notifications.of_order',
  `select ${SHOWN}
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

const BY_ID = statement(
  'orders.notifications.by_id',
  `select ${SHOWN}
     from orders.notifications n left join orders.notification_endpoints e on e.id = n.endpoint_id
    where n.id = $1 and ($2::uuid is null or n.merchant_id = $2)`,
);

/** @param merchantId only where it is this merchant's */
export async function deliveryById(
  db: Database<'orders'>,
  id: NotificationId,
  merchantId: MerchantId | undefined,
): Promise<Delivery | undefined> {
  return (await db.query<Delivery>(BY_ID, [id, merchantId ?? null]))[0];
}

export interface DeliveryFilter {
  readonly merchantId: MerchantId | undefined;
  readonly endpointId: EndpointId | undefined;
  readonly orderId: OrderId | undefined;
  readonly status: NotificationStatus | undefined;
  /** RFC 3339. */
  readonly failedSince: string | undefined;
  /** These three narrow it to what is scheduled. */
  readonly stuck?: boolean;
  readonly olderThanSeconds?: number | undefined;
  readonly minAttempts?: number | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Each way to look has a text whose fixed part an index serves, because a prepared plan knows no values. */
const listing = (name: string, ...fixed: readonly string[]): Statement => {
  const part = (condition: string): string =>
    `(select n.* from orders.notifications n
       where ${condition} and ($1::uuid is null or n.merchant_id = $1) and ($2::uuid is null or n.endpoint_id = $2)
         and ($3::uuid is null or n.order_id = $3) and ($4::text is null or n.status = $4)
         and ($5::timestamptz is null or n.ended_at >= $5) and ($6::uuid is null or n.id < $6)
       order by n.id desc limit $7)`;
  return statement(
    `orders.notifications.list_${name}`,
    `select ${SHOWN} from (${fixed.map(part).join(' union all ')}) n
       left join orders.notification_endpoints e on e.id = n.endpoint_id
      order by n.id desc limit $7`,
  );
};
/**
 * What is scheduled is taken out of the sweep's index first, however many have ended. A notification is stuck that has been
 * due by its schedule for ten minutes; one that waits for its next time is not, however old it is.
 */
const scheduled = (stuck: boolean): Statement =>
  statement(
    `orders.notifications.list_scheduled.${String(stuck)}`,
    `with open as materialized (
       select n.id, n.merchant_id, n.endpoint_id, n.order_id, n.attempts, n.created_at, n.next_try_at
         from orders.notifications n where n.status = 'scheduled' order by greatest(n.next_try_at, n.enqueued_until)),
     chosen as (
       select o.id from open o
        where ($1::uuid is null or o.merchant_id = $1) and ($2::uuid is null or o.endpoint_id = $2)
          and ($3::uuid is null or o.order_id = $3) and ($4::uuid is null or o.id < $4)
          and ($6::int is null or o.attempts >= $6)
          and ($7::int is null or o.created_at <= (select clock_timestamp()) - $7 * interval '1 second')
          ${stuck ? `and o.next_try_at <= (select clock_timestamp()) - interval '${STUCK_AFTER_SECONDS} seconds'` : ''}
        order by o.id desc limit $5)
     select ${SHOWN} from chosen join orders.notifications n using (id)
       left join orders.notification_endpoints e on e.id = n.endpoint_id
      order by n.id desc`,
  );
const SCHEDULED = { waiting: scheduled(false), stuck: scheduled(true) };
const LISTS = {
  all: listing('all', 'true'),
  ofOrder: listing('of_order', 'n.order_id = $3'),
  ofMerchant: listing(
    'of_merchant',
    `n.merchant_id = $1 and n.status <> 'scheduled'`,
    `n.merchant_id = $1 and n.status = 'scheduled'`,
  ),
  failed: listing('failed', `n.status in ('exhausted', 'endpoint_disabled')`),
};

/** Newest first. */
export function listDeliveries(db: Database<'orders'>, filter: DeliveryFilter): Promise<Delivery[]> {
  const { merchantId, endpointId, orderId, status, failedSince, after, limit } = filter;
  if (isNarrowed(filter) || (status === 'scheduled' && orderId === undefined && failedSince === undefined)) {
    if (failedSince !== undefined || (status !== undefined && status !== 'scheduled')) return Promise.resolve([]);
    const { minAttempts, olderThanSeconds } = filter;
    const narrowed = [merchantId, endpointId, orderId, after, limit, minAttempts, olderThanSeconds];
    return db.query<Delivery>(
      filter.stuck === true ? SCHEDULED.stuck : SCHEDULED.waiting,
      narrowed.map((value) => value ?? null),
    );
  }
  const values = [merchantId, endpointId, orderId, status, failedSince, after, limit].map((value) => value ?? null);
  return db.query<Delivery>(LISTS[wayToLook(filter)], values);
}

function isNarrowed({ stuck, minAttempts, olderThanSeconds }: DeliveryFilter): boolean {
  return stuck === true || minAttempts !== undefined || olderThanSeconds !== undefined;
}

function wayToLook({ orderId, merchantId, status, failedSince }: DeliveryFilter): keyof typeof LISTS {
  if (orderId !== undefined) return failedSince === undefined ? 'ofOrder' : 'failed';
  if (failedSince !== undefined || status === 'exhausted' || status === 'endpoint_disabled') return 'failed';
  return merchantId === undefined ? 'all' : 'ofMerchant';
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
