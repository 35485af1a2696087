import { type Queryable, type Statement, statement } from '../consistency/transaction';
import type { MerchantId, OrderId, ReceiptId } from '../core/ids';
import { ORDER_COLUMNS, type OrderRow, type OrderStatus } from './orders-store';

export interface OperatorOrderRow extends OrderRow {
  readonly claimed_by: ReceiptId | null;
  readonly paid_by: ReceiptId | null;
}

/** What an operator looks for; the merchant's own number is unique only within a merchant. */
export interface OrderSearch {
  readonly merchant: MerchantId | undefined;
  readonly status: OrderStatus | undefined;
  readonly paymentReference: string | undefined;
  readonly merchantOrderNo: string | undefined;
  readonly providerReference: string | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

const COLUMNS = `${ORDER_COLUMNS}, o.claimed_by, o.paid_by`;

/**
 * Each reference is looked up through the key that it is a part of: the merchant's number by asking for it under each
 * merchant, the provider's by asking for it under each receiving account, because these are few and an index on the
 * reference alone would be one more for every payment to write.
 */
const OF_NUMBER = `o.id in (
  select n.id from orders.merchants m join orders.orders n on n.merchant_id = m.id where n.merchant_order_no = $4)`;
const ofNumber = ({ merchant, merchantOrderNo }: OrderSearch): string => {
  if (merchantOrderNo === undefined) return '$4::text is null';
  return merchant === undefined ? OF_NUMBER : 'o.merchant_order_no = $4::text';
};
const OF_PROVIDER_REFERENCE = `o.id in (
  select r.order_id from (select distinct provider, receiving_account from orders.channels) c
    join orders.receipts r using (provider, receiving_account) where r.provider_reference = $5)`;

/** Only what is asked for stands in the text, and the status as a literal, so that the plan can use its index. */
function searchStatement(search: OrderSearch): Statement {
  const { merchant, status, paymentReference, merchantOrderNo, providerReference } = search;
  const conditions = [
    '($1::uuid is null or o.id < $1)',
    merchant === undefined ? '$2::uuid is null' : 'o.merchant_id = $2::uuid',
    paymentReference === undefined ? '$3::text is null' : 'o.payment_reference = $3::text',
    ofNumber(search),
    providerReference === undefined ? '$5::text is null' : OF_PROVIDER_REFERENCE,
    ...(status === undefined ? [] : [STATUS_IS[status]]),
  ];
  const given = [merchant, paymentReference, merchantOrderNo, providerReference].map((one) => (one ? '1' : '0'));
  return statement(
    `orders.orders.search.${given.join('')}.${status ?? 'any'}`,
    `select ${COLUMNS} from orders.orders o where ${conditions.join(' and ')} order by o.id desc limit $6`,
  );
}

const STATUS_IS: Readonly<Record<OrderStatus, string>> = {
  open: "o.status = 'open'",
  paid: "o.status = 'paid'",
  closed: "o.status = 'closed'",
  expired: "o.status = 'expired'",
};

const READ = statement('orders.orders.read_for_operator', `select ${COLUMNS} from orders.orders o where o.id = $1`);

/** Newest first, of all merchants. */
export function searchOrders(db: Queryable<'orders'>, search: OrderSearch): Promise<OperatorOrderRow[]> {
  const { merchant, paymentReference, merchantOrderNo, providerReference, after, limit } = search;
  return db.query<OperatorOrderRow>(searchStatement(search), [
    after ?? null,
    merchant ?? null,
    paymentReference ?? null,
    merchantOrderNo ?? null,
    providerReference ?? null,
    limit,
  ]);
}

export async function readOrderForOperator(
  db: Queryable<'orders'>,
  id: OrderId,
): Promise<OperatorOrderRow | undefined> {
  const [row] = await db.query<OperatorOrderRow>(READ, [id]);
  return row;
}
