import type { MerchantId, NotificationId, OrderId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Tx } from '../consistency/transaction';

/** What merchants are told of. Every final state of an order has one (guarantee 8). */
export const NOTIFICATION_TYPES = ['order.paid', 'order.closed', 'order.expired'] as const;
export type NotificationType = (typeof NOTIFICATION_TYPES)[number];

export interface Announcement {
  readonly merchantId: MerchantId;
  readonly orderId: OrderId;
  readonly type: NotificationType;
  /** The order as the merchant API shows it at that moment; becomes `data` of the webhook. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The trace of what is announced: every attempt to tell the merchant continues it. */
  readonly traceparent: Traceparent | null;
}

export interface Notifications {
  /**
   * Writes, in the transaction that changes the orders, one row per announcement and active endpoint of its merchant that
   * wants such events, or one that says there is no endpoint. Returns the ids that are due now, for the queue's hint after the commit; of what was announced before, the hint finds nothing.
   */
  announce(tx: Tx<'orders'>, announcements: readonly Announcement[]): Promise<readonly NotificationId[]>;
  /**
   * The same in two parts, asking for the endpoints of the merchants at once; and of what is due now, this process begins to
   * tell itself what it can.
   */
  prepare(
    tx: Tx<'orders'>,
    merchants: readonly MerchantId[],
  ): (announcements: readonly Announcement[]) => Promise<Announced>;
}

/** What was announced in a transaction. Exactly one of the two is to be called when that has ended. */
export interface Announced {
  /** Sends what is begun already, and returns what is due now for the queue's hint. */
  committed(): readonly NotificationId[];
  failed(): void;
}
