import type { Gid, Ids, OrderId, ReceiptId } from '../core/ids';
import { assertNever } from '../core/errors';
import { Money } from '../core/money';
import { logStore } from '../consistency/tcc/log-store';
import type { OpenTransaction } from '../consistency/tcc/coordinator';
import type { Tx } from '../consistency/transaction';
import { type MetOrder, type OrderClaim, claimedOrdersStore } from './claimed-orders-store';
import { UNKNOWN_ORDER_WAITS_SECONDS, type Judgement, judge } from './judge';
import { type PlannedReceipt, type SettlementPlan, legsHash, planPayment, planSuspense } from './plan';
import { type Receipt, receiptsStore } from './receipts-store';

export type Begun =
  | { readonly kind: 'opened'; readonly receiptId: ReceiptId; readonly transaction: OpenTransaction<SettlementPlan> }
  /** Someone is settling it just now. */
  | { readonly kind: 'in_flight'; readonly receiptId: ReceiptId }
  /** The receipt is decided or settled: the bank may be told so again. */
  | { readonly kind: 'final'; readonly receiptId: ReceiptId }
  /** It waits for its order to appear, or for another receipt to let go of the order. */
  | { readonly kind: 'waits'; readonly receiptId: ReceiptId };

export interface BeginDependencies {
  readonly ids: Ids;
  readonly deadlineMs: number;
}

interface Opening {
  readonly receipt: Receipt;
  readonly order: MetOrder | undefined;
  readonly plan: SettlementPlan;
  readonly gid: Gid;
}

/**
 * The second half of commit A, for receipts that are locked: their orders are locked, judged and claimed, the legs are
 * computed once and stored, and a global transaction with a fresh gid is opened in `trying` with a deadline.
 */
export async function beginSettlements(
  deps: BeginDependencies,
  tx: Tx<'orders'>,
  receipts: readonly Receipt[],
): Promise<ReadonlyMap<ReceiptId, Begun>> {
  const begun = new Map<ReceiptId, Begun>(receipts.map((receipt) => [receipt.id, standing(receipt)]));
  const waiting = receipts.filter((receipt) => receipt.status === 'waiting');
  if (waiting.length === 0) return begun;
  const channelIds = [...new Set(waiting.map((receipt) => receipt.channel_id))];
  const [orders, channels] = await Promise.all([
    lockOrders(tx, waiting),
    claimedOrdersStore.channelNames(tx, channelIds),
  ]);
  const claimedHere = new Map<OrderId, ReceiptId>();
  const openings: Opening[] = [];
  const waits: { id: ReceiptId; seconds: number; why: string }[] = [];
  for (const receipt of waiting) {
    const order = orders.get(orderKey(receipt));
    const judgement = judgeReceipt(receipt, order, claimedHere);
    if (judgement.kind === 'waits') {
      waits.push({
        id: receipt.id,
        seconds: waitSeconds(receipt, judgement.for),
        why: `waits for the ${judgement.for}`,
      });
      continue;
    }
    if (judgement.kind === 'pays' && order !== undefined) claimedHere.set(order.id, receipt.id);
    const channel = channels.get(receipt.channel_id) ?? '';
    openings.push({ receipt, order, plan: planFor(receipt, order, judgement, channel), gid: deps.ids.next() });
  }
  if (waits.length > 0) receiptsStore.wait(tx, waits);
  if (openings.length > 0) open(deps, tx, openings);
  for (const { receipt, gid, plan } of openings) {
    const transaction = { gid, plan, traceparent: receipt.traceparent };
    begun.set(receipt.id, { kind: 'opened', receiptId: receipt.id, transaction });
  }
  return begun;
}

function open(deps: BeginDependencies, tx: Tx<'orders'>, openings: readonly Opening[]): void {
  const claims = openings.flatMap(({ receipt, order, plan }): OrderClaim[] =>
    plan.outcome === 'order_paid' && order !== undefined ? [{ orderId: order.id, receiptId: receipt.id }] : [],
  );
  if (claims.length > 0) claimedOrdersStore.claim(tx, claims);
  const transactions = openings.map(({ receipt, order, plan, gid }) => ({
    gid,
    receiptId: receipt.id,
    orderId: order?.id ?? null,
    paysOrder: plan.outcome === 'order_paid',
    plan,
    legsHash: legsHash(plan),
  }));
  logStore.open(tx, transactions, deps.deadlineMs);
  receiptsStore.beginSettling(
    tx,
    openings.map(({ receipt, order }) => ({ id: receipt.id, orderId: order?.id ?? null })),
  );
}

async function lockOrders(tx: Tx<'orders'>, receipts: readonly Receipt[]): Promise<ReadonlyMap<string, MetOrder>> {
  const keys = receipts.flatMap((receipt) =>
    receipt.payment_reference === null
      ? []
      : [{ paymentReference: receipt.payment_reference, channelId: receipt.channel_id }],
  );
  if (keys.length === 0) return new Map();
  const orders = await claimedOrdersStore.lockByReference(tx, keys);
  return new Map(orders.map((order) => [`${order.channel_id} ${order.payment_reference}`, order]));
}

function orderKey(receipt: Receipt): string {
  return `${receipt.channel_id} ${receipt.payment_reference ?? ''}`;
}

function standing(receipt: Receipt): Begun {
  switch (receipt.status) {
    case 'waiting':
      return { kind: 'waits', receiptId: receipt.id };
    case 'settling':
      return { kind: 'in_flight', receiptId: receipt.id };
    case 'decided':
    case 'settled':
      return { kind: 'final', receiptId: receipt.id };
    default:
      return assertNever(receipt.status);
  }
}

/** Judges by the order's claim as it is after the receipts that stand before this one in the same list. */
function judgeReceipt(
  receipt: Receipt,
  order: MetOrder | undefined,
  claimedHere: ReadonlyMap<OrderId, ReceiptId>,
): Judgement {
  return judge(
    {
      id: receipt.id,
      money: Money.fromDatabase(receipt.amount, receipt.currency),
      ageSeconds: receipt.age_seconds,
      hasReference: receipt.payment_reference !== null,
    },
    order && {
      id: order.id,
      status: order.status,
      money: Money.fromDatabase(order.amount, order.currency),
      claimedBy: claimedHere.get(order.id) ?? order.claimed_by,
      acceptsChannel: order.accepts_channel,
    },
  );
}

function planFor(
  receipt: Receipt,
  order: MetOrder | undefined,
  judgement: Exclude<Judgement, { kind: 'waits' }>,
  channel: string,
): SettlementPlan {
  const planned: PlannedReceipt = {
    channel,
    money: Money.fromDatabase(receipt.amount, receipt.currency),
    refusals: receipt.refusals,
    facts: {
      channel,
      provider_reference: receipt.provider_reference,
      payment_reference: receipt.payment_reference,
      received: `${receipt.amount} ${receipt.currency}`,
      ordered: order === undefined ? null : `${order.amount} ${order.currency}`,
      order_status: order?.status ?? null,
    },
  };
  if (judgement.kind === 'suspense') return planSuspense(planned, order?.merchant_id ?? null, judgement.reason);
  if (order === undefined) throw new Error(`receipt ${receipt.id} pays an order that is not there`);
  const money = (amount: string): Money => Money.fromDatabase(amount, order.currency);
  return planPayment(planned, {
    merchantId: order.merchant_id,
    customer: order.customer,
    fee: money(order.fee),
    splits: order.splits.map((split) => ({ account: split.account, amount: money(split.amount) })),
    points: wholePoints(order.points),
    pointsValue: money(order.points_value),
  });
}

/** "12.0000" as "12": points are whole. */
function wholePoints(points: string): string {
  return points.replace(/\.0*$/, '');
}

/** An unknown order is looked for again every two seconds until its minute is over; a claim is waited for with patience. */
function waitSeconds(receipt: Receipt, waitsFor: 'order' | 'claim'): number {
  if (waitsFor === 'claim') return Math.min(2 ** Math.min(receipt.attempts, 5), 30);
  return Math.max(0.1, Math.min(2, UNKNOWN_ORDER_WAITS_SECONDS - receipt.age_seconds));
}
