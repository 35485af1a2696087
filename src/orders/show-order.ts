import { showId } from '../core/ids';
import { Exact, Money } from '../core/money';
import type { OrderRow, OrderStatus } from './orders-store';

/** An order as merchants see it, in the API and as `data` of a notification. */
export type OrderView = {
  readonly id: string;
  readonly merchant_order_no: string;
  readonly payment_reference: string;
  readonly amount: string;
  readonly currency: string;
  readonly fee: string;
  readonly net: string;
  readonly splits: readonly { readonly account: string; readonly amount: string }[];
  readonly channels: readonly string[] | null;
  readonly customer: string | null;
  readonly points: string;
  readonly status: OrderStatus;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly paid_at: string | null;
  readonly ended_at: string | null;
};

/** `net` is what remains for the merchant after fee and splits; `points` are those that a payment earns the customer. */
export function showOrder(row: OrderRow): OrderView {
  const money = (amount: string): Money => Money.fromDatabase(amount, row.currency);
  return {
    id: showId('order', row.id),
    merchant_order_no: row.merchant_order_no,
    payment_reference: row.payment_reference,
    amount: money(row.amount).toString(),
    currency: row.currency,
    fee: money(row.fee).toString(),
    net: money(row.amount).minus(money(row.fee)).minus(money(row.splits_total)).toString(),
    splits: row.splits.map((split) => ({
      account: showId('account', split.account_id),
      amount: money(split.amount).toString(),
    })),
    channels: row.channels,
    customer: row.customer,
    points: new Exact(row.points).toFixed(),
    status: row.status,
    description: row.description,
    metadata: row.metadata,
    created_at: row.created_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    paid_at: row.paid_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}
