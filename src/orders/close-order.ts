import { type Database, inTransaction } from '../consistency/transaction';
import { gather } from '../core/gather';
import type { NotificationId, OrderId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Notifications } from '../notifications/notify';
import { type OrderOfMerchant, type StandingOrder, closeOrders, readStanding } from './order-ends-store';
import type { OrderRow, OrderStatus } from './orders-store';
import { showOrder } from './show-order';

export type Closed =
  | { readonly kind: 'closed'; readonly order: OrderRow }
  | { readonly kind: 'order_not_open'; readonly status: OrderStatus }
  /** A receipt has claimed it and is being settled. */
  | { readonly kind: 'order_being_paid' }
  /** There is none, or it is another merchant's. */
  | { readonly kind: 'not_found' };

export interface EndOrderDependencies {
  readonly db: Database<'orders'>;
  readonly notifications: Pick<Notifications, 'announce'>;
  /** Told, after the commit, of the notifications that are due. */
  readonly hint: (due: readonly NotificationId[]) => void;
}

/** With the trace of the request that closes it, which the notification continues. */
export type ClosingOrder = OrderOfMerchant & { readonly traceparent: Traceparent };
export type CloseOrder = (order: ClosingOrder) => Promise<Closed>;

/**
 * Closes an order at its merchant's wish and announces it, in one transaction. One UPDATE decides whether it was open and
 * unclaimed, so that an order is never closed and paid; money that arrives afterwards is a late payment.
 */
export function createCloseOrder(deps: EndOrderDependencies): CloseOrder {
  return gather((orders: readonly ClosingOrder[]) => closeList(deps, orders), {
    step: 'orders.close',
    cap: 200,
    room: 5_000,
  });
}

async function closeList(deps: EndOrderDependencies, orders: readonly ClosingOrder[]): Promise<readonly Closed[]> {
  // Of two requests for one order in one list, the first closes it.
  const traces = new Map(orders.toReversed().map((one) => [one.orderId, one.traceparent]));
  const { closed, due, standing } = await inTransaction(deps.db, 'orders.close', async (tx) => {
    const rows = await closeOrders(tx, orders);
    const announcements = rows.map((row) => announcementOf(row, 'order.closed', traces.get(row.id) ?? null));
    return {
      closed: new Map(rows.map((row) => [row.id, row])),
      due: rows.length === 0 ? [] : await deps.notifications.announce(tx, announcements),
      standing:
        rows.length === orders.length
          ? []
          : await readStanding(
              tx,
              orders.map((one) => one.orderId),
            ),
    };
  });
  if (due.length > 0) deps.hint(due);
  const found = new Map(standing.map((row) => [row.id, row]));
  return orders.map((one): Closed => {
    const order = closed.get(one.orderId);
    if (order?.merchant_id === one.merchantId && closed.delete(one.orderId)) return { kind: 'closed', order };
    return whyNot(one, found);
  });
}

function whyNot(one: OrderOfMerchant, found: ReadonlyMap<OrderId, StandingOrder>): Closed {
  const order = found.get(one.orderId);
  if (order?.merchant_id !== one.merchantId) return { kind: 'not_found' };
  // An order that its receipt let go between the two statements is open again, and closing may be tried again.
  return order.status === 'open' ? { kind: 'order_being_paid' } : { kind: 'order_not_open', status: order.status };
}

/** What the merchant is told of an order that has come to its end. */
export function announcementOf(
  row: OrderRow,
  type: 'order.closed' | 'order.expired' | 'order.paid',
  traceparent: Traceparent | null,
): Parameters<Notifications['announce']>[1][number] {
  return { merchantId: row.merchant_id, orderId: row.id, type, data: showOrder(row), traceparent };
}
