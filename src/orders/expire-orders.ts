import { inTransaction } from '../consistency/transaction';
import type { Traceparent } from '../core/traceparent';
import { type EndOrderDependencies, announcementOf } from './close-order';
import { expireOrders } from './order-ends-store';

export interface ExpireOrdersDependencies extends EndOrderDependencies {
  /** The trace of an expiry, which nobody has asked for: the order's notification continues it. */
  readonly newTrace: () => Traceparent;
}

/** Expires up to `limit` orders; returns how many, so that a full list is followed by another at once. */
export type ExpireOrders = (limit: number) => Promise<number>;

/**
 * Expires open orders whose time has passed by the database's clock, and announces each, in one transaction. An order that
 * a receipt has claimed is left to the receipt: `expires_at` alone never makes a payment late. Any number of processes may
 * run it side by side; each skips what another has locked.
 */
export function createExpireOrders(deps: ExpireOrdersDependencies): ExpireOrders {
  return async (limit) => {
    const { rows, due } = await inTransaction(deps.db, 'orders.expire', async (tx) => {
      const expired = await expireOrders(tx, limit);
      if (expired.length === 0) return { rows: expired, due: [] };
      const announcements = expired.map((row) => announcementOf(row, 'order.expired', deps.newTrace()));
      return { rows: expired, due: await deps.notifications.announce(tx, announcements) };
    });
    if (due.length > 0) deps.hint(due);
    return rows.length;
  };
}
