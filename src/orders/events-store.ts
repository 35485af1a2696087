import { type Queryable, statement } from '../consistency/transaction';
import type { MerchantId } from '../core/ids';
import { ORDER_COLUMNS, type OrderRow } from './orders-store';

/** The states that end an order; each is an event of its merchant. */
export const FINAL_STATUSES = ['paid', 'closed', 'expired'] as const;
export type FinalStatus = (typeof FINAL_STATUSES)[number];
export type OrderEventType = `order.${FinalStatus}`;

/** An order whose end is the event. */
export interface OrderEventRow extends OrderRow {
  readonly status: FinalStatus;
  /** The transaction that ended it, in decimal. */
  readonly final_xact: string;
  /** RFC 3339 in UTC, to the microsecond. */
  readonly happened_at: string;
}

/** A place in a merchant's events: before every event of a later transaction. */
export interface EventPosition {
  readonly xact: string;
  readonly id: string;
}

export interface EventFilter {
  readonly merchantId: MerchantId;
  readonly after: EventPosition;
  readonly type: OrderEventType | undefined;
  readonly limit: number;
}

/**
 * Orders become final in one order of time and commit in another. A position by id or by time would step over what begins
 * earlier and commits later; so events stand in the order of their transactions, and only those below the oldest
 * transaction that is still running are given: nothing can appear among them any more.
 *
 * One branch per status with the status as a literal, so that each is a walk along the index, with or without a filter.
 */
const ofStatus = (status: FinalStatus): string => `
  (select ${ORDER_COLUMNS}, o.final_xact, coalesce(o.paid_at, o.ended_at) as at
     from orders.orders o
    where o.merchant_id = $1 and o.status = '${status}' and ($4::text is null or $4 = 'order.${status}')
      and (o.final_xact, o.id) > ($2::xid8, $3::uuid)
      and o.final_xact < (select pg_snapshot_xmin(pg_current_snapshot()))
    order by o.final_xact, o.id limit $5)`;

export const EVENTS = statement(
  'orders.orders.events',
  `select e.*, e.final_xact::text as final_xact,
          to_char(e.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as happened_at
     from (${FINAL_STATUSES.map(ofStatus).join(' union all ')}) e
    order by e.final_xact, e.id limit $5`,
);

/** In the order in which they became visible. */
export function readEvents(db: Queryable<'orders'>, filter: EventFilter): Promise<OrderEventRow[]> {
  const { merchantId, after, type, limit } = filter;
  return db.query<OrderEventRow>(EVENTS, [merchantId, after.xact, after.id, type ?? null, limit]);
}
