import { type Database, inTransaction } from '../consistency/transaction';
import { gather } from '../core/gather';
import type { AccountId, Ids, MerchantId, OrderId } from '../core/ids';
import { Money } from '../core/money';
import type { NewOrder } from './new-order';
import { type OrderRow, type OrderToInsert, findOrdersByNumber, insertOrders } from './orders-store';
import { paymentReferenceOf } from './payment-reference';
import { findUsableChannels } from './usable-channels-store';

export type Created =
  | { readonly kind: 'created'; readonly order: OrderRow }
  | { readonly kind: 'duplicate_order' }
  | { readonly kind: 'fee_exceeds_amount'; readonly fee: string; readonly splitsTotal: string }
  | { readonly kind: 'unknown_channel'; readonly channel: string }
  | { readonly kind: 'unknown_account'; readonly accountId: AccountId }
  /** It lies in the past or more than a year ahead, by the database's clock. */
  | { readonly kind: 'expiry_refused' };

/** What an order needs to know of an account that a split names. */
export interface PayeeAccount {
  readonly id: AccountId;
  readonly code: string;
  readonly kind: string;
  readonly owner: string;
  readonly unit: string;
  readonly status: string;
}

/** What a payment will cost the merchant and earn the customer; stored with the order, so that later terms do not change it. */
export interface Quote {
  readonly fee: Money;
  /** Whole points, as a decimal string. */
  readonly points: string;
  readonly pointsValue: Money;
}

export interface CreateOrderDependencies {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  /** Quotes a list by the terms in force, in the same order. */
  readonly quote: (
    wanted: readonly { readonly merchantId: MerchantId; readonly amount: Money }[],
  ) => Promise<readonly Quote[]>;
  /** The accounts with these ids that exist. */
  readonly findAccounts: (ids: readonly AccountId[]) => Promise<readonly PayeeAccount[]>;
}

export type CreateOrder = (order: NewOrder) => Promise<Created>;

/**
 * Creates orders, priced by the terms in force. Orders that arrive together are priced and inserted together; the
 * merchant's own number is unique, so whatever happens to an answer, a repeated request makes no second order.
 */
export function createCreateOrder(deps: CreateOrderDependencies): CreateOrder {
  return gather((orders: readonly NewOrder[]) => createOrders(deps, orders), {
    step: 'orders.create',
    cap: 200,
    room: 5_000,
    lanes: 2,
  });
}

async function createOrders(deps: CreateOrderDependencies, orders: readonly NewOrder[]): Promise<readonly Created[]> {
  const prepared = await prepare(deps, orders);
  const rows = prepared.flatMap((one) => (one.kind === 'prepared' ? [one.row] : []));
  const answers = rows.length === 0 ? new Map<string, Created>() : await insert(deps.db, rows);
  return prepared.map((one) => (one.kind === 'prepared' ? answerOf(answers, one.row) : one));
}

type Prepared = { readonly kind: 'prepared'; readonly row: OrderToInsert } | Created;

async function prepare(deps: CreateOrderDependencies, orders: readonly NewOrder[]): Promise<readonly Prepared[]> {
  const [quotes, usable, accounts] = await Promise.all([
    deps.quote(orders),
    findUsableChannels(
      deps.db,
      orders.flatMap(({ merchantId, channels }) => (channels ?? []).map((name) => ({ merchantId, name }))),
    ),
    findSplitAccounts(deps, orders),
  ]);
  const served = new Set(usable.map(({ merchantId, name }) => `${merchantId} ${name}`));
  return orders.map((order, index): Prepared => {
    const channel = order.channels?.find((name) => !served.has(`${order.merchantId} ${name}`));
    if (channel !== undefined) return { kind: 'unknown_channel', channel };
    const splits = order.splits.map((split) => ({ ...split, account: accounts.get(split.accountId) }));
    const refused = splits.find((split) => !mayReceive(split.account, order));
    if (refused !== undefined) return { kind: 'unknown_account', accountId: refused.accountId };
    const quote = quotes[index];
    if (quote === undefined) throw new Error('an order was not quoted');
    const splitsTotal = splits.reduce((sum, split) => sum.plus(split.amount), Money.zero(order.amount.currency));
    if (quote.fee.plus(splitsTotal).compare(order.amount) > 0) {
      return { kind: 'fee_exceeds_amount', fee: quote.fee.toString(), splitsTotal: splitsTotal.toString() };
    }
    return { kind: 'prepared', row: toInsert(deps.ids.next<'order'>(), order, quote, splitsTotal, accounts) };
  });
}

function toInsert(
  id: OrderId,
  order: NewOrder,
  quote: Quote,
  splitsTotal: Money,
  accounts: ReadonlyMap<AccountId, PayeeAccount>,
): OrderToInsert {
  // Points without a customer would be earned by nobody.
  const earns = order.customer !== null;
  return {
    ...order,
    id,
    paymentReference: paymentReferenceOf(id),
    amount: order.amount.toString(),
    currency: order.amount.currency,
    fee: quote.fee.toString(),
    splits: order.splits.map(({ accountId, amount }) => ({
      account: accounts.get(accountId)?.code ?? '',
      account_id: accountId,
      amount: amount.toString(),
    })),
    splitsTotal: splitsTotal.toString(),
    points: earns ? quote.points : '0',
    pointsValue: earns ? quote.pointsValue.toString() : '0',
  };
}

async function findSplitAccounts(
  deps: CreateOrderDependencies,
  orders: readonly NewOrder[],
): Promise<ReadonlyMap<AccountId, PayeeAccount>> {
  const ids = [...new Set(orders.flatMap((order) => order.splits.map((split) => split.accountId)))];
  const accounts = ids.length === 0 ? [] : await deps.findAccounts(ids);
  return new Map(accounts.map((account) => [account.id, account]));
}

function mayReceive(account: PayeeAccount | undefined, order: NewOrder): boolean {
  return (
    account !== undefined &&
    account.kind === 'payee' &&
    account.owner === order.merchantId &&
    account.unit === order.amount.currency &&
    account.status === 'open'
  );
}

/** Insert, then read what was left out, in this order, so that an order that races another with its number meets it. */
async function insert(db: Database<'orders'>, rows: readonly OrderToInsert[]): Promise<ReadonlyMap<string, Created>> {
  return inTransaction(db, 'orders.create', async (tx) => {
    const answers = new Map<string, Created>();
    for (const order of await insertOrders(tx, rows)) answers.set(order.id, { kind: 'created', order });
    const leftOut = rows.filter((row) => !answers.has(row.id));
    if (leftOut.length === 0) return answers;
    const known = await findOrdersByNumber(tx, leftOut);
    const byNumber = new Map(known.map((order) => [`${order.merchant_id} ${order.merchant_order_no}`, order]));
    for (const row of leftOut) answers.set(row.id, met(row, byNumber.get(`${row.merchantId} ${row.merchantOrderNo}`)));
    return answers;
  });
}

/** An order that stands under the same idempotency key is this very request's, whose answer was lost. */
function met(row: OrderToInsert, standing: (OrderRow & { idempotency_key: string | null }) | undefined): Created {
  if (standing === undefined) return { kind: 'expiry_refused' };
  const own = row.idempotencyKey !== null && row.idempotencyKey === standing.idempotency_key;
  return own ? { kind: 'created', order: standing } : { kind: 'duplicate_order' };
}

function answerOf(answers: ReadonlyMap<string, Created>, row: OrderToInsert): Created {
  const answer = answers.get(row.id);
  if (answer === undefined) throw new Error(`order ${row.id} has no answer`);
  return answer;
}
