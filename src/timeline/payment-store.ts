import { type Queryable, statement } from '../consistency/transaction';
import type { Gid, MerchantId, OrderId, ReceiptId } from '../core/ids';

/** Times are RFC 3339 in UTC, to the microsecond: some steps of a payment lie within one millisecond. */
export function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

export interface OrderFacts {
  readonly id: OrderId;
  readonly merchant_id: MerchantId;
  readonly merchant_order_no: string;
  readonly payment_reference: string;
  readonly amount: string;
  readonly currency: string;
  readonly splits: readonly { readonly account: string; readonly account_id: string }[];
  readonly status: 'open' | 'paid' | 'closed' | 'expired';
  readonly paid_by: ReceiptId | null;
  readonly expires_at: string | null;
  readonly created_at: string;
  readonly paid_at: string | null;
  readonly ended_at: string | null;
}

export interface RefusalFacts {
  readonly participant: string;
  readonly account: string;
  readonly reason: string;
}

/** What was tried so often and is tried again, where it is not done. */
export interface Retried {
  readonly attempts: number;
  readonly next_try_at: string;
  readonly last_error: string | null;
}

export interface ReceiptFacts extends Retried {
  readonly id: ReceiptId;
  readonly order_id: OrderId | null;
  /** The transaction by which it was decided, which may have been cleaned. */
  readonly gid: Gid | null;
  readonly channel_id: string;
  readonly channel: string;
  readonly provider_reference: string;
  readonly payment_reference: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly status: 'waiting' | 'settling' | 'decided' | 'settled';
  readonly outcome: string | null;
  readonly refusals: readonly RefusalFacts[];
  readonly received_at: string;
  readonly decided_at: string | null;
  readonly settled_at: string | null;
  readonly traceparent: string | null;
  readonly total: number;
}

/** The plan that was stored when the transaction was opened, as far as it is shown. */
export interface PlanFacts {
  readonly outcome: string;
  readonly currency: string;
  readonly gross: string;
  readonly credits: readonly { readonly to: string; readonly party: string; readonly amount: string }[];
  readonly branches: readonly {
    readonly participant: string;
    readonly branch: string;
    readonly legs: readonly { readonly account: string; readonly direction: 'in' | 'out'; readonly amount: string }[];
  }[];
}

export interface TransactionFacts extends Retried {
  readonly gid: Gid;
  readonly receipt_id: ReceiptId;
  readonly order_id: OrderId | null;
  readonly pays_order: boolean;
  readonly status: 'trying' | 'confirming' | 'confirmed' | 'cancelling' | 'cancelled';
  readonly plan: PlanFacts;
  readonly refusal: readonly RefusalFacts[] | null;
  readonly deadline: string;
  readonly created_at: string;
  readonly decided_at: string | null;
  readonly ended_at: string | null;
  /** Which attempt of its receipt it is, and how many there are. */
  readonly number: number;
  readonly total: number;
}

export const ORDER = statement(
  'orders.timeline.order',
  `select o.id, o.merchant_id, o.merchant_order_no, o.payment_reference, o.amount, o.currency, o.splits, o.status,
          o.paid_by, ${utc('o.expires_at')} as expires_at, ${utc('o.created_at')} as created_at,
          ${utc('o.paid_at')} as paid_at, ${utc('o.ended_at')} as ended_at
     from orders.orders o where o.id = $1`,
);

const RECEIPT_COLUMNS = `r.id, r.order_id, r.gid, r.channel_id, c.name as channel, r.provider_reference, r.payment_reference,
  r.amount, r.currency, r.status, r.outcome, r.refusals, r.attempts, ${utc('r.next_try_at')} as next_try_at, r.last_error,
  ${utc('r.received_at')} as received_at, ${utc('r.decided_at')} as decided_at, ${utc('r.settled_at')} as settled_at,
  r.traceparent`;

export const RECEIPT = statement(
  'orders.timeline.receipt',
  `select ${RECEIPT_COLUMNS}, 1 as total
     from orders.receipts r join orders.channels c on c.id = r.channel_id where r.id = $1`,
);

/**
 * The receipt that paid the order and the newest of the others: those that met it, those that wait with its reference, and
 * those whose channel does not serve its merchant.
 */
export const RECEIPTS_OF_ORDER = statement(
  'orders.timeline.receipts_of_order',
  `with met as (
     select id, outcome from orders.receipts where order_id = $1
     union all
     select id, outcome from orders.receipts where payment_reference = $2 and order_id is null),
   chosen as (
     select id, (count(*) over ())::int as total from met
      order by (outcome is not distinct from 'order_paid') desc, id desc limit $3)
   select ${RECEIPT_COLUMNS}, chosen.total
     from chosen join orders.receipts r using (id) join orders.channels c on c.id = r.channel_id order by r.id`,
);

/** The newest attempts of each receipt. */
export const TRANSACTIONS = statement(
  'orders.timeline.transactions',
  `select t.gid, t.receipt_id, t.order_id, t.pays_order, t.status, t.plan, t.refusal, t.attempts, t.last_error,
          ${utc('t.next_try_at')} as next_try_at, ${utc('t.deadline')} as deadline, ${utc('t.created_at')} as created_at,
          ${utc('t.decided_at')} as decided_at, ${utc('t.ended_at')} as ended_at, newest.number, newest.total
     from unnest($1::uuid[]) as receipt(id),
     lateral (
       select a.gid, (row_number() over (order by a.gid))::int as number, (count(*) over ())::int as total
         from (select gid from orders.global_transactions where receipt_id = receipt.id and not cancelled
               union all
               select gid from orders.global_transactions where receipt_id = receipt.id and cancelled) a
        order by a.gid desc limit $2) newest
     join orders.global_transactions t on t.gid = newest.gid
    order by t.gid`,
);

export async function readOrder(db: Queryable<'orders'>, id: OrderId): Promise<OrderFacts | undefined> {
  return (await db.query<OrderFacts>(ORDER, [id]))[0];
}

export async function readReceipt(db: Queryable<'orders'>, id: ReceiptId): Promise<ReceiptFacts | undefined> {
  return (await db.query<ReceiptFacts>(RECEIPT, [id]))[0];
}

/** @param reference under which money that met no order is looked for too; null for only what met this one */
export function receiptsOfOrder(
  db: Queryable<'orders'>,
  order: OrderId,
  reference: string | null,
  limit: number,
): Promise<ReceiptFacts[]> {
  return db.query<ReceiptFacts>(RECEIPTS_OF_ORDER, [order, reference, limit]);
}

export function transactionsOf(
  db: Queryable<'orders'>,
  receipts: readonly ReceiptId[],
  limitEach: number,
): Promise<TransactionFacts[]> {
  return db.query<TransactionFacts>(TRANSACTIONS, [receipts, limitEach]);
}
