import { MOVED_HERE } from '../consistency/tcc/log-store';
import { columnsOf } from '../consistency/columns';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { AccountId, Gid, MerchantId, OrderId } from '../core/ids';

export type OrderStatus = 'open' | 'paid' | 'closed' | 'expired';

/** A part of the net that goes to a further account: by its code for the participant, by its id for the API. */
export interface OrderSplit {
  readonly account: string;
  readonly account_id: AccountId;
  readonly amount: string;
}

/** An order as the API and notifications show it. */
export interface OrderRow {
  readonly id: OrderId;
  readonly merchant_id: MerchantId;
  readonly merchant_order_no: string;
  readonly payment_reference: string;
  readonly amount: string;
  readonly currency: string;
  readonly fee: string;
  readonly splits: readonly OrderSplit[];
  readonly splits_total: string;
  readonly channels: readonly string[] | null;
  readonly customer: string | null;
  readonly points: string;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly status: OrderStatus;
  readonly expires_at: Date | null;
  readonly created_at: Date;
  readonly paid_at: Date | null;
  readonly ended_at: Date | null;
}

export interface OrderToInsert {
  readonly id: OrderId;
  readonly merchantId: MerchantId;
  readonly merchantOrderNo: string;
  readonly paymentReference: string;
  readonly amount: string;
  readonly currency: string;
  readonly fee: string;
  readonly splits: readonly OrderSplit[];
  readonly splitsTotal: string;
  readonly channels: readonly string[] | null;
  readonly customer: string | null;
  readonly points: string;
  readonly pointsValue: string;
  readonly description: string | null;
  readonly metadata: Readonly<Record<string, string>>;
  readonly expiresAt: string | null;
  readonly idempotencyKey: string | null;
}

export interface OrderNumber {
  readonly merchantId: MerchantId;
  readonly merchantOrderNo: string;
}

export interface OrderFilter {
  readonly merchantId: MerchantId;
  readonly status: OrderStatus | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

/** The columns of an `OrderRow`, of a table or alias `o`. */
export const ORDER_COLUMNS = `o.id, o.merchant_id, o.merchant_order_no, o.payment_reference, o.amount, o.currency, o.fee,
  o.splits, o.splits_total, o.channels, o.customer, o.points, o.description, o.metadata, o.status, o.expires_at,
  o.created_at, o.paid_at, o.ended_at`;

/** Sorted by the key that they may conflict on, so that two lists with the same numbers do not wait for each other in a ring. */
const INSERT = statement(
  'orders.orders.insert',
  `insert into orders.orders as o
     (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee, splits, splits_total, channels,
      customer, points, points_value, description, metadata, expires_at, idempotency_key)
   select n.id, n.merchant_id, n.merchant_order_no, n.payment_reference, n.amount, n.currency, n.fee, n.splits,
          n.splits_total,
          case when n.channels is not null then array(select jsonb_array_elements_text(n.channels)) end,
          n.customer, n.points, n.points_value, n.description, n.metadata, n.expires_at, n.idempotency_key
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::numeric[], $6::text[], $7::numeric[], $8::jsonb[],
                 $9::numeric[], $10::jsonb[], $11::text[], $12::numeric[], $13::numeric[], $14::text[], $15::jsonb[],
                 $16::timestamptz[], $17::text[])
       as n(id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee, splits, splits_total, channels,
            customer, points, points_value, description, metadata, expires_at, idempotency_key)
    where n.expires_at is null
       or (n.expires_at > clock_timestamp() and n.expires_at <= clock_timestamp() + interval '1 year')
    order by n.merchant_id, n.merchant_order_no
   on conflict (merchant_id, merchant_order_no) do nothing
   returning ${ORDER_COLUMNS}`,
);
const orderColumns = columnsOf<OrderToInsert>(
  (order) => order.id,
  (order) => order.merchantId,
  (order) => order.merchantOrderNo,
  (order) => order.paymentReference,
  (order) => order.amount,
  (order) => order.currency,
  (order) => order.fee,
  (order) => JSON.stringify(order.splits),
  (order) => order.splitsTotal,
  (order) => (order.channels === null ? null : JSON.stringify(order.channels)),
  (order) => order.customer,
  (order) => order.points,
  (order) => order.pointsValue,
  (order) => order.description,
  (order) => JSON.stringify(order.metadata),
  (order) => order.expiresAt,
  (order) => order.idempotencyKey,
);
const FIND_BY_NUMBERS = statement(
  'orders.orders.find_by_numbers',
  `select ${ORDER_COLUMNS}, o.idempotency_key
     from orders.orders o
     join unnest($1::uuid[], $2::text[]) as n(merchant_id, merchant_order_no)
       on o.merchant_id = n.merchant_id and o.merchant_order_no = n.merchant_order_no`,
);
const numberColumns = columnsOf<OrderNumber>(
  (number) => number.merchantId,
  (number) => number.merchantOrderNo,
);
const FIND_BY_IDS = statement(
  'orders.orders.find_by_ids',
  `select ${ORDER_COLUMNS} from orders.orders o where o.id = any($1::uuid[])`,
);
const FIND_PAID_BY = statement(
  'orders.orders.find_paid_by',
  `select ${ORDER_COLUMNS} from orders.global_transactions t join orders.orders o on o.id = t.order_id
    where t.gid = any($1::uuid[]) and t.pays_order and ${MOVED_HERE}`,
);
const LIST = statement(
  'orders.orders.list',
  `select ${ORDER_COLUMNS} from orders.orders o
    where o.merchant_id = $1 and ($2::uuid is null or o.id < $2) and ($3::text is null or o.status = $3)
    order by o.id desc limit $4`,
);

/**
 * Inserts what may be inserted. What is left out has a number that the merchant has used, or an expiry that is not within
 * a year from now by the database's clock: reading by number afterwards tells which.
 */
export function insertOrders(tx: Tx<'orders'>, orders: readonly OrderToInsert[]): Promise<OrderRow[]> {
  return tx.query<OrderRow>(INSERT, orderColumns(orders));
}

export function findOrdersByNumber(
  db: Queryable<'orders'>,
  numbers: readonly OrderNumber[],
): Promise<(OrderRow & { readonly idempotency_key: string | null })[]> {
  return db.query(FIND_BY_NUMBERS, numberColumns(numbers));
}

/** Whoever their merchants are: a merchant's own route compares the merchant. */
export function findOrders(db: Queryable<'orders'>, ids: readonly OrderId[]): Promise<OrderRow[]> {
  return db.query<OrderRow>(FIND_BY_IDS, [ids]);
}

/** The orders that those of these transactions pay that are decided in this very one. */
export function findOrdersPaidBy(tx: Tx<'orders'>, transactions: readonly Gid[]): Promise<OrderRow[]> {
  return tx.query<OrderRow>(FIND_PAID_BY, [transactions]);
}

/** Newest first. */
export function listOrders(db: Queryable<'orders'>, filter: OrderFilter): Promise<OrderRow[]> {
  const { merchantId, status, after, limit } = filter;
  return db.query<OrderRow>(LIST, [merchantId, after ?? null, status ?? null, limit]);
}
