import { showId } from '../core/ids';
import { Exact, Money } from '../core/money';
import type { OperatorOrderRow } from './order-search-store';
import type { OperatorOrderView, OrderView } from './order-schemas';
import type { OrderRow } from './orders-store';

/** An order as merchants see it, in the API and as `data` of a notification or an event. */
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
    channels: row.channels === null ? null : [...row.channels],
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

/** The same with what only the operator knows. */
export function showOrderToOperator(row: OperatorOrderRow): OperatorOrderView {
  return {
    ...showOrder(row),
    merchant: showId('merchant', row.merchant_id),
    claimed_by: row.claimed_by === null ? null : showId('receipt', row.claimed_by),
    paid_by: row.paid_by === null ? null : showId('receipt', row.paid_by),
  };
}
