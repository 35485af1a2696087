import type { Gid, Ids, OrderId, ReceiptId } from '../core/ids';
import { assertNever } from '../core/errors';
import { Money } from '../core/money';
import { type NewTransaction, logStore } from '../consistency/tcc/log-store';
import type { OpenTransaction } from '../consistency/tcc/coordinator';
import type { Tx } from '../consistency/transaction';
import { type MetOrder, type OrderClaim, claimedOrdersStore } from './claimed-orders-store';
import { UNKNOWN_ORDER_WAITS_SECONDS, type Judgement, judge } from './judge';
import { type Met, type OrderKey, haveAsked, meetOrders, orderKey } from './meet-orders';
import { type PlannedReceipt, type SettlementPlan, legsHash, planPayment, planSuspense } from './plan';
import { type BegunReceipt, type Receipt, type WaitingReceipt, receiptsStore } from './receipts-store';

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

/** A receipt that is locked. */
export interface MetReceipt extends Receipt {
  /** Inserted by this very transaction, as settling by the order that its reference names. */
  readonly isBorn: boolean;
}

interface Opening {
  readonly receipt: MetReceipt;
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
  receipts: readonly MetReceipt[],
  met: Met | undefined,
): Promise<ReadonlyMap<ReceiptId, Begun>> {
  const begun = new Map<ReceiptId, Begun>();
  for (const receipt of receipts) begun.set(receipt.id, standing(receipt));
  const waiting = receipts.filter(isToBegin);
  if (waiting.length === 0) return begun;
  const keys = waiting.map(keyOf);
  // A receipt may have another reference than the event that speaks of it now, or another channel.
  const { orders, channels } = met !== undefined && haveAsked(met, keys) ? met : await meetOrders(tx, keys);
  const claimedHere = new Map<OrderId, ReceiptId>();
  const openings: Opening[] = [];
  const waits: WaitingReceipt[] = [];
  for (const receipt of waiting) {
    const order = orders.get(orderKey(keyOf(receipt)));
    const judgement = judgeReceipt(receipt, order, claimedHere);
    if (judgement.kind === 'waits') {
      waits.push(waitingFor(receipt, judgement.for));
      begun.set(receipt.id, { kind: 'waits', receiptId: receipt.id });
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
  const claims = openings.flatMap(claimOf);
  if (claims.length > 0) claimedOrdersStore.claim(tx, claims);
  logStore.open(tx, openings.map(transactionOf), deps.deadlineMs);
  const beginning = openings.flatMap(beginningOf);
  if (beginning.length > 0) receiptsStore.beginSettling(tx, beginning);
}

function claimOf({ receipt, order, plan }: Opening): OrderClaim[] {
  return plan.outcome === 'order_paid' && order !== undefined ? [{ orderId: order.id, receiptId: receipt.id }] : [];
}

function transactionOf({ receipt, order, plan, gid }: Opening): NewTransaction<SettlementPlan> {
  return {
    gid,
    receiptId: receipt.id,
    orderId: order?.id ?? null,
    paysOrder: plan.outcome === 'order_paid',
    plan,
    legsHash: legsHash(plan),
  };
}

/** What was born settling by this very order needs nothing more. */
function beginningOf({ receipt, order }: Opening): BegunReceipt[] {
  const orderId = order?.id ?? null;
  return receipt.isBorn && receipt.order_id === orderId ? [] : [{ id: receipt.id, orderId }];
}

function isToBegin(receipt: MetReceipt): boolean {
  return receipt.isBorn || receipt.status === 'waiting';
}

function waitingFor(receipt: MetReceipt, what: 'order' | 'claim'): WaitingReceipt {
  return {
    id: receipt.id,
    orderId: receipt.isBorn ? null : receipt.order_id,
    seconds: waitSeconds(receipt, what),
    why: `waits for the ${what}`,
  };
}

function keyOf(receipt: Receipt): OrderKey {
  return { channelId: receipt.channel_id, paymentReference: receipt.payment_reference };
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
  const { currency } = order;
  return planPayment(planned, {
    merchantId: order.merchant_id,
    customer: order.customer,
    fee: Money.fromDatabase(order.fee, currency),
    splits: order.splits.map(({ account, amount }) => ({ account, amount: Money.fromDatabase(amount, currency) })),
    points: wholePoints(order.points),
    pointsValue: Money.fromDatabase(order.points_value, currency),
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
