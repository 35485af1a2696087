import { columnsOf } from '../consistency/columns';
import { type Queryable, statement } from '../consistency/transaction';
import type { EventId, IncidentId, MessageId, NotificationId, OrderId, ReceiptId } from '../core/ids';
import type { IncidentKind } from '../incidents/incident';
import { type Retried, utc } from './payment-store';

/** What banks told us and what we told others: callbacks, the books' message, notifications, incidents. */
export interface EventFacts {
  readonly id: EventId;
  readonly channel: string;
  readonly verdict: string;
  readonly outcome: string;
  readonly receipt_id: ReceiptId | null;
  readonly provider_reference: string | null;
  readonly facts: Readonly<Record<string, string | null>>;
  readonly received_at: string;
  readonly traceparent: string | null;
  readonly total: number;
}

export interface MessageFacts extends Retried {
  readonly id: MessageId;
  readonly receipt_id: ReceiptId;
  readonly status: string;
  readonly created_at: string;
  readonly done_at: string | null;
  readonly traceparent: string | null;
}

export interface NotificationFacts extends Retried {
  readonly id: NotificationId;
  readonly type: string;
  readonly endpoint_id: string | null;
  readonly url: string | null;
  readonly status: string;
  readonly created_at: string;
  readonly ended_at: string | null;
  readonly traceparent: string | null;
  readonly total: number;
}

export interface AttemptFacts {
  readonly notification_id: NotificationId;
  readonly number: number;
  readonly status: string;
  readonly http_status: number | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
  readonly started_at: string;
  readonly total: number;
}

export interface IncidentFacts {
  readonly id: IncidentId;
  readonly kind: IncidentKind;
  readonly status: string;
  readonly times_seen: number;
  readonly facts: Readonly<Record<string, string | null>>;
  readonly resolution: string | null;
  readonly opened_at: string;
  readonly last_seen_at: string;
  readonly resolved_at: string | null;
  readonly traceparent: string | null;
  readonly total: number;
}

/**
 * The newest events of the receipts, and those that spoke of them or of the order before there was a receipt: a payment that
 * failed first. Counting reads an index only.
 */
export const EVENTS = statement(
  'orders.timeline.inbox_events',
  `with met as materialized (
     select e.id from orders.inbox_events e where e.receipt_id = any($1::uuid[])
     union
     select e.id from unnest($2::uuid[], $3::text[]) as r(channel_id, reference)
       join orders.inbox_events e on e.channel_id = r.channel_id and e.provider_reference = r.reference
      where e.receipt_id is null
     union
     select e.id from orders.inbox_events e
      where e.receipt_id is null and e.payment_reference is not null and lower(e.payment_reference) = $4),
   chosen as (select id, (count(*) over ())::int as total from met order by id desc limit $5)
   select e.id, c.name as channel, e.verdict, e.outcome, e.receipt_id, e.provider_reference, e.facts,
          ${utc('e.received_at')} as received_at, e.traceparent, chosen.total
     from chosen join orders.inbox_events e using (id) join orders.channels c on c.id = e.channel_id
    order by e.id`,
);

export const MESSAGES = statement(
  'orders.timeline.messages',
  `select m.id, m.event_key as receipt_id, m.status, m.attempts, ${utc('m.next_try_at')} as next_try_at, m.last_error,
          ${utc('m.created_at')} as created_at, ${utc('m.done_at')} as done_at, m.traceparent
     from orders.outbox m where m.topic = 'voucher' and m.event_key = any($1::text[]) order by m.id`,
);

export const NOTIFICATIONS = statement(
  'orders.timeline.notifications',
  `select n.id, n.type, n.endpoint_id, e.url, n.status, n.attempts, ${utc('n.next_try_at')} as next_try_at, n.last_error,
          ${utc('n.created_at')} as created_at, ${utc('n.ended_at')} as ended_at, n.traceparent,
          (count(*) over ())::int as total
     from orders.notifications n left join orders.notification_endpoints e on e.id = n.endpoint_id
    where n.order_id = $1 order by n.id desc limit $2`,
);

export const ATTEMPTS = statement(
  'orders.timeline.attempts',
  `select a.notification_id, a.number, a.status, a.http_status, a.error, a.duration_ms,
          ${utc('a.started_at')} as started_at, a.total
     from unnest($1::uuid[]) as n(id),
     lateral (select *, (count(*) over ())::int as total from orders.notification_attempts
               where notification_id = n.id order by number desc limit $2) a
    order by a.notification_id, a.number`,
);

export const INCIDENTS = statement(
  'orders.timeline.incidents',
  `with met as (
     select id from orders.incidents where order_id = $1
     union select id from orders.incidents where receipt_id = any($2::uuid[])
     union select id from orders.incidents where gid = any($3::uuid[])
     union select id from orders.incidents where kind = 'voucher_stuck' and subject = any($4::text[]))
   select i.id, i.kind, i.status, i.times_seen, i.facts, i.resolution, ${utc('i.opened_at')} as opened_at,
          ${utc('i.last_seen_at')} as last_seen_at, ${utc('i.resolved_at')} as resolved_at, i.traceparent,
          (count(*) over ())::int as total
     from met join orders.incidents i using (id) order by i.id desc limit $5`,
);

interface ReceiptOfEvents {
  readonly id: string;
  readonly channel_id: string;
  readonly provider_reference: string;
}

export interface EventScope {
  readonly receipts: readonly ReceiptOfEvents[];
  readonly paymentReference: string | null;
}

const receiptColumns = columnsOf<ReceiptOfEvents>(
  (receipt) => receipt.id,
  (receipt) => receipt.channel_id,
  (receipt) => receipt.provider_reference,
);

export function eventsOf(db: Queryable<'orders'>, scope: EventScope, limit: number): Promise<EventFacts[]> {
  return db.query<EventFacts>(EVENTS, [...receiptColumns(scope.receipts), scope.paymentReference, limit]);
}

export function messagesOf(db: Queryable<'orders'>, receipts: readonly ReceiptId[]): Promise<MessageFacts[]> {
  return db.query<MessageFacts>(MESSAGES, [receipts]);
}

export function notificationsOf(
  db: Queryable<'orders'>,
  order: OrderId | null,
  limit: number,
): Promise<NotificationFacts[]> {
  return db.query<NotificationFacts>(NOTIFICATIONS, [order, limit]);
}

export function attemptsOf(
  db: Queryable<'orders'>,
  notifications: readonly NotificationId[],
  limitEach: number,
): Promise<AttemptFacts[]> {
  return db.query<AttemptFacts>(ATTEMPTS, [notifications, limitEach]);
}

export interface IncidentScope {
  readonly order: OrderId | null;
  readonly receipts: readonly ReceiptId[];
  readonly gids: readonly string[];
}

/** Incidents of the order, its receipts and its transactions. */
export function incidentsOf(db: Queryable<'orders'>, scope: IncidentScope, limit: number): Promise<IncidentFacts[]> {
  const stuck = scope.receipts.map((receipt) => `voucher ${receipt}`);
  return db.query<IncidentFacts>(INCIDENTS, [scope.order, scope.receipts, scope.gids, stuck, limit]);
}
