import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { clip } from '../core/clip';
import { Unavailable } from '../core/errors';
import type { MerchantId, OrderId, ReceiptId } from '../core/ids';
import {
  type OrderFacts,
  type ReceiptFacts,
  type TransactionFacts,
  readOrder,
  readReceipt,
  receiptsOfOrder,
  transactionsOf,
} from './payment-store';
import {
  type AttemptFacts,
  type EventFacts,
  type IncidentFacts,
  type MessageFacts,
  type NotificationFacts,
  attemptsOf,
  eventsOf,
  incidentsOf,
  messagesOf,
  notificationsOf,
} from './telling-store';

/** What a participant holds and has moved for transactions; times to the microsecond. */
export interface Movements {
  readonly holds: readonly {
    readonly gid: string;
    readonly branch: string;
    readonly status: 'held' | 'confirmed' | 'cancelled';
    readonly tombstone: boolean;
    readonly legs: readonly {
      readonly account: string;
      readonly unit: string;
      readonly outbound: boolean;
      readonly amount: string;
    }[];
    readonly created_at: string;
    readonly ended_at: string | null;
  }[];
  readonly entries: readonly {
    readonly gid: string;
    readonly branch: string;
    readonly account: string;
    readonly unit: string;
    readonly number: string;
    readonly amount: string;
    readonly balance_after: string;
    readonly created_at: string;
  }[];
}

export interface VoucherFacts {
  readonly id: string;
  readonly receipt_id: string | null;
  readonly link_number: string;
  readonly description: string;
  readonly posted_at: string;
  readonly postings: readonly {
    readonly account: string;
    readonly party: string;
    readonly currency: string;
    readonly debit: string;
    readonly credit: string;
  }[];
}

export interface TimelineDependencies {
  readonly db: Database<'orders'>;
  /** Each participant by its name; each has a database of its own, which may be away. */
  readonly movementsOf: Readonly<Record<string, (gids: readonly string[]) => Promise<Movements>>>;
  readonly vouchersOf: (receipts: readonly string[], limit: number) => Promise<readonly VoucherFacts[]>;
}

/** What the orders database knows of a payment, at one instant. */
export interface PaymentFacts {
  readonly order: OrderFacts | undefined;
  readonly receipts: readonly ReceiptFacts[];
  readonly transactions: readonly TransactionFacts[];
  readonly events: readonly EventFacts[];
  readonly messages: readonly MessageFacts[];
  readonly notifications: readonly NotificationFacts[];
  readonly attempts: readonly AttemptFacts[];
  readonly incidents: readonly IncidentFacts[];
}

/** A part that another database answers for, or why it does not. */
export type Part<Facts> =
  { readonly kind: 'there'; readonly facts: Facts } | { readonly kind: 'away'; readonly reason: string };

export interface WholePayment extends PaymentFacts {
  readonly movements: Readonly<Record<string, Part<Movements>>>;
  readonly vouchers: Part<readonly VoucherFacts[]>;
}

export interface ReadTimeline {
  /** Everything; undefined where there is no such order. */
  ofOrder(id: OrderId): Promise<WholePayment | undefined>;
  /** Everything of one receipt, and of its order what concerns the receipt. */
  ofReceipt(id: ReceiptId): Promise<WholePayment | undefined>;
  /** What the orders database knows of a merchant's order; undefined where the merchant has none such. */
  ofMerchant(merchantId: MerchantId, id: OrderId): Promise<PaymentFacts | undefined>;
}

/** The most of each that is read; what is left out is counted. */
export const MOST = { receipts: 20, transactions: 20, events: 100, notifications: 50, attempts: 40, incidents: 50 };
const MOST_VOUCHERS = 40;

/**
 * Reads a payment with as many statements whatever has happened to it: those of the orders database in one snapshot, so
 * that it contradicts nothing of itself, then the other databases side by side. They are read later and so know as much or
 * more: an effect whose cause is not listed is possible for an instant, a cause whose effect was there and is not listed is
 * not.
 */
export function createReadTimeline(deps: TimelineDependencies): ReadTimeline {
  const inSnapshot = <Facts>(read: (tx: Tx<'orders'>) => Promise<Facts>): Promise<Facts> =>
    inTransaction(deps.db, 'timeline.read', read, 'repeatable read');
  return {
    ofOrder: async (id) => whole(deps, await inSnapshot((tx) => readForOrder(tx, id, 'any'))),
    ofReceipt: async (id) => whole(deps, await inSnapshot((tx) => readForReceipt(tx, id))),
    ofMerchant: (merchantId, id) => inSnapshot((tx) => readForOrder(tx, id, merchantId)),
  };
}

async function readForOrder(
  tx: Tx<'orders'>,
  id: OrderId,
  merchant: MerchantId | 'any',
): Promise<PaymentFacts | undefined> {
  const order = await readOrder(tx, id);
  if (order === undefined || (merchant !== 'any' && order.merchant_id !== merchant)) return undefined;
  // Money with its reference that came through a channel which does not serve it is none of the merchant's.
  const paymentReference = merchant === 'any' ? order.payment_reference : null;
  const receipts = await receiptsOfOrder(tx, order.id, paymentReference, MOST.receipts);
  return readAround(tx, { order, receipts, paymentReference, incidentsOf: order.id, inside: merchant === 'any' });
}

async function readForReceipt(tx: Tx<'orders'>, id: ReceiptId): Promise<PaymentFacts | undefined> {
  const receipt = await readReceipt(tx, id);
  if (receipt === undefined) return undefined;
  const order = receipt.order_id === null ? undefined : await readOrder(tx, receipt.order_id);
  return readAround(tx, { order, receipts: [receipt], paymentReference: null, incidentsOf: null, inside: true });
}

interface Scope {
  readonly order: OrderFacts | undefined;
  readonly receipts: readonly ReceiptFacts[];
  /** Events that came before any receipt are looked for under it. */
  readonly paymentReference: string | null;
  readonly incidentsOf: OrderId | null;
  /** Whether what only operators see is read too. */
  readonly inside: boolean;
}

async function readAround(tx: Tx<'orders'>, scope: Scope): Promise<PaymentFacts> {
  const { order, receipts, paymentReference, inside } = scope;
  const ids = receipts.map((receipt) => receipt.id);
  const transactions = await transactionsOf(tx, ids, MOST.transactions);
  const events = inside ? await eventsOf(tx, { receipts, paymentReference }, MOST.events) : [];
  const messages = inside ? await messagesOf(tx, ids) : [];
  // What the merchant was told of an order is part of the receipt that paid it, and of no other.
  const told = scope.incidentsOf ?? (ids.some((id) => id === order?.paid_by) ? (order?.id ?? null) : null);
  const notifications = await notificationsOf(tx, told, MOST.notifications);
  const attempts = await attemptsOf(
    tx,
    notifications.map((notification) => notification.id),
    MOST.attempts,
  );
  const gids = transactions.map((transaction) => transaction.gid);
  const incidents = await incidentsOf(tx, { order: scope.incidentsOf, receipts: ids, gids }, MOST.incidents);
  return { order, receipts, transactions, events, messages, notifications, attempts, incidents };
}

async function whole(deps: TimelineDependencies, facts: PaymentFacts | undefined): Promise<WholePayment | undefined> {
  if (facts === undefined) return undefined;
  // What a transaction that was cleaned has moved stays.
  const gids = [...new Set([...facts.transactions, ...facts.receipts].flatMap(({ gid }) => gid ?? []))];
  const receipts = facts.receipts.map((receipt) => receipt.id);
  const [vouchers, ...movements] = await Promise.all([
    part(deps.vouchersOf(receipts, MOST_VOUCHERS)),
    ...Object.entries(deps.movementsOf).map(async ([name, ask]) => [name, await part(ask(gids))] as const),
  ]);
  return { ...facts, vouchers, movements: Object.fromEntries(movements) };
}

/** Why it is away is for the log; who looks at a payment needs to know that it is. */
async function part<Facts>(asked: Promise<Facts>): Promise<Part<Facts>> {
  try {
    return { kind: 'there', facts: await asked };
  } catch (error) {
    if (error instanceof Unavailable) return { kind: 'away', reason: clip(error.message, 300) };
    throw error;
  }
}
