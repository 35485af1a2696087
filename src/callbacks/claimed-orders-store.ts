import type { ChannelId, Gid, MerchantId, OrderId, ReceiptId } from '../core/ids';
import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';

/** An order as a receipt meets it, locked, within the merchants that the receipt's channel serves. */
export interface MetOrder {
  readonly payment_reference: string;
  readonly channel_id: ChannelId;
  readonly id: OrderId;
  readonly merchant_id: MerchantId;
  readonly amount: string;
  readonly currency: string;
  readonly fee: string;
  readonly splits: readonly { readonly account: string; readonly amount: string }[];
  readonly customer: string | null;
  readonly points: string;
  readonly points_value: string;
  readonly status: 'open' | 'paid' | 'closed' | 'expired';
  readonly claimed_by: ReceiptId | null;
  readonly accepts_channel: boolean;
}

export interface ReferenceKey {
  readonly paymentReference: string;
  readonly channelId: ChannelId;
}

export interface OrderClaim {
  readonly orderId: OrderId;
  readonly receiptId: ReceiptId;
}

const LOCK_BY_REFERENCE = statement(
  'orders.orders.lock_by_reference',
  `select k.payment_reference, k.channel_id, o.id, o.merchant_id, o.amount, o.currency, o.fee, o.splits, o.customer,
          o.points, o.points_value, o.status, o.claimed_by,
          (o.channels is null or c.name = any(o.channels)) as accepts_channel
     from (select distinct * from unnest($1::text[], $2::uuid[])) as k(payment_reference, channel_id)
     join orders.orders o on o.payment_reference = k.payment_reference
     join orders.channels c on c.id = k.channel_id
    where c.serves_all or exists (
            select 1 from orders.channel_merchants m where m.channel_id = c.id and m.merchant_id = o.merchant_id)
    order by o.id for no key update of o`,
);

const referenceColumns = columnsOf<ReferenceKey>(
  (key) => key.paymentReference,
  (key) => key.channelId,
);

const CHANNEL_NAMES = statement(
  'orders.channels.names',
  `select id, name from orders.channels where id = any($1::uuid[])`,
);

const CLAIM = statement(
  'orders.orders.claim',
  `update orders.orders o set claimed_by = n.receipt_id
     from unnest($1::uuid[], $2::uuid[]) as n(order_id, receipt_id)
    where o.id = n.order_id and o.claimed_by is distinct from n.receipt_id`,
);

const claimColumns = columnsOf<OrderClaim>(
  (claim) => claim.orderId,
  (claim) => claim.receiptId,
);

/**
 * The orders of those of the transactions that have come to a status, locked in the order of their ids, as commit A does
 * it, together with what is written to them.
 */
const lockedOf = (condition: string): string => `locked as materialized (
  select o.id, t.receipt_id from orders.global_transactions t join orders.orders o on o.id = t.order_id
   where t.gid = any($1::uuid[]) and ${condition} order by o.id for no key update of o)`;

const PAY = statement(
  'orders.orders.pay',
  `with ${lockedOf(`t.status = 'confirming' and t.pays_order`)}
   update orders.orders o
      set status = 'paid', claimed_by = null, paid_by = locked.receipt_id, paid_at = clock_timestamp(),
          final_xact = pg_current_xact_id()
     from locked where o.id = locked.id and o.claimed_by = locked.receipt_id and o.status = 'open'
   returning o.id, o.paid_by`,
);

const RELEASE = statement(
  'orders.orders.release',
  `with ${lockedOf(`t.status = 'confirmed' and not t.pays_order`)}
   update orders.orders o set claimed_by = null from locked where o.id = locked.id and o.claimed_by = locked.receipt_id`,
);

export interface PaidOrder {
  readonly id: OrderId;
  readonly paid_by: ReceiptId;
}

/** The order's side of a settlement: met and locked, claimed by a receipt, paid by it, released from it. */
export const claimedOrdersStore = {
  lockByReference: (tx: Tx<'orders'>, keys: readonly ReferenceKey[]): Promise<MetOrder[]> =>
    tx.query<MetOrder>(LOCK_BY_REFERENCE, referenceColumns(keys)),
  channelNames: async (tx: Tx<'orders'>, ids: readonly ChannelId[]): Promise<ReadonlyMap<ChannelId, string>> => {
    const rows = await tx.query<{ id: ChannelId; name: string }>(CHANNEL_NAMES, [ids]);
    const names = new Map<ChannelId, string>();
    for (const { id, name } of rows) names.set(id, name);
    return names;
  },
  claim: (tx: Tx<'orders'>, claims: readonly OrderClaim[]): void => {
    tx.send(CLAIM, claimColumns(claims));
  },
  /** Pays the orders of the transactions that are being decided here; an order that was not open for its receipt is left out. */
  pay: (tx: Tx<'orders'>, transactions: readonly Gid[]): Promise<PaidOrder[]> => tx.query(PAY, [transactions]),
  /** Lets go of what was claimed in an earlier attempt, once the money has gone elsewhere. */
  release: (tx: Tx<'orders'>, transactions: readonly Gid[]): void => {
    tx.send(RELEASE, [transactions]);
  },
};
