import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { MerchantId, OrderId } from '../core/ids';
import { ORDER_COLUMNS, type OrderRow } from './orders-store';

export interface OrderOfMerchant {
  readonly orderId: OrderId;
  readonly merchantId: MerchantId;
}

export interface StandingOrder {
  readonly id: OrderId;
  readonly merchant_id: MerchantId;
  readonly status: OrderRow['status'];
}

/**
 * The orders are locked in their order first, so that two lists never wait for each other in a ring; what a receipt has
 * claimed while this waited for its lock is looked at again by PostgreSQL and left alone.
 */
const CLOSE = statement(
  'orders.orders.close',
  `with closing as (
     select o.id from orders.orders o
       join unnest($1::uuid[], $2::uuid[]) as c(id, merchant_id) on o.id = c.id and o.merchant_id = c.merchant_id
      where o.status = 'open' and o.claimed_by is null
      order by o.id for no key update of o)
   update orders.orders o set status = 'closed', ended_at = clock_timestamp(), final_xact = pg_current_xact_id()
     from closing where o.id = closing.id and o.status = 'open' and o.claimed_by is null
   returning ${ORDER_COLUMNS}`,
);
const orderColumns = columnsOf<OrderOfMerchant>(
  (order) => order.orderId,
  (order) => order.merchantId,
);
const EXPIRE = statement(
  'orders.orders.expire',
  `with expiring as (
     select id from orders.orders
      where status = 'open' and claimed_by is null and expires_at <= (select clock_timestamp())
      order by expires_at limit $1 for no key update skip locked)
   update orders.orders o set status = 'expired', ended_at = clock_timestamp(), final_xact = pg_current_xact_id()
     from expiring where o.id = expiring.id and o.status = 'open' and o.claimed_by is null
   returning ${ORDER_COLUMNS}`,
);
const READ_STANDING = statement(
  'orders.orders.read_standing',
  `select id, merchant_id, status from orders.orders where id = any($1::uuid[])`,
);

/** Closes what is open and not claimed; returns what was closed. */
export function closeOrders(tx: Tx<'orders'>, orders: readonly OrderOfMerchant[]): Promise<OrderRow[]> {
  return tx.query<OrderRow>(CLOSE, orderColumns(orders));
}

/** Expires what is open, not claimed and past its time by the database's clock, longest overdue first. */
export function expireOrders(tx: Tx<'orders'>, limit: number): Promise<OrderRow[]> {
  return tx.query<OrderRow>(EXPIRE, [limit]);
}

export function readStanding(tx: Tx<'orders'>, ids: readonly OrderId[]): Promise<StandingOrder[]> {
  return tx.query<StandingOrder>(READ_STANDING, [ids]);
}
