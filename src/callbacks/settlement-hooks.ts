import type { Logger } from 'pino';
import { assertNever } from '../core/errors';
import { type Gid, type Ids, type NotificationId, type OrderId, type ReceiptId, showId } from '../core/ids';
import { indexBy } from '../core/index-by';
import { type Traceparent, traceFields } from '../core/traceparent';
import { VOUCHER_MESSAGE_VERSION, VOUCHER_TOPIC, type VoucherMessage } from '../accounting/voucher-message';
import type { Hints, Outbox, OutboxMessage } from '../consistency/outbox/outbox';
import { type Moved, type Moving, type OnMove, type TransactionHooks, gidOf } from '../consistency/tcc/hooks';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { Incidents, NewIncident } from '../incidents/incident';
import { type PaidOrder, claimedOrdersStore } from './claimed-orders-store';
import type { Credit, SettlementPlan } from './plan';
import { type DecidedReceipt, receiptsStore } from './receipts-store';

/** Told after the commit, for metrics. A commit whose connection was lost is not told. */
export interface SettlementObserver {
  /** The bank may be told: what became of the receipt. */
  decided(outcome: string, receipt: string): void;
  /** Every branch is confirmed. */
  settled(receipt: string): void;
}

export interface SettlementHookDependencies {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly outbox: Outbox;
  readonly incidents: Incidents;
  readonly hints: Pick<Hints, 'notifications'>;
  readonly logger: Pick<Logger, 'info'>;
  readonly announcePaid: AnnouncePaid;
  readonly observer?: SettlementObserver;
}

/**
 * Begins to announce, in the transaction of the decision, that the orders of these transactions are paid. What it returns
 * writes the notifications, each with the trace of the receipt that paid its order.
 */
export type AnnouncePaid = (tx: Tx<'orders'>, deciding: readonly Moving<SettlementPlan>[]) => AnnounceOrders;
export type AnnounceOrders = (orders: ReadonlyMap<OrderId, Traceparent | null>) => Promise<AnnouncedOrders>;

/** Exactly one of the two is to be called when the transaction has ended. */
export interface AnnouncedOrders {
  /** Tells what can be told at once, and returns what is for the queue. */
  committed(): readonly NotificationId[];
  failed(): void;
}

type Settlement = Moved<SettlementPlan>;

/** What the payment adds to each move of its global transaction. Rows are locked as in commit A: receipts, then orders. */
export function createSettlementHooks(deps: SettlementHookDependencies): TransactionHooks<SettlementPlan> {
  return {
    onDecided: decided(deps),
    onConfirmed: (tx, moving) => {
      const gids = gidsOf(moving);
      receiptsStore.settle(tx, gids);
      // An order that was paid let go of its receipt in the decision.
      if (!moving.every(paysOrder)) claimedOrdersStore.release(tx, gids);
      return {
        committed: (settlements) => {
          for (const one of settlements) deps.observer?.settled(one.receipt_id);
        },
      };
    },
    onCancelled: (tx, moving) => {
      receiptsStore.waitAgain(tx, gidsOf(moving));
      return {};
    },
    onBug: async ({ gid, traceparent }, kind, facts) => {
      const incident = { kind, subject: gid, gid, traceparent, facts };
      await inTransaction(deps.db, 'callbacks.report_bug', (tx) => deps.incidents.report(tx, [incident]));
    },
  };
}

/** Commit D: the order is paid, and the voucher's message and the notification follow from what the decision returned. */
function decided(deps: SettlementHookDependencies): OnMove<SettlementPlan> {
  return (tx, moving) => {
    const gids = gidsOf(moving);
    const paying = moving.filter(paysOrder);
    const deciding = receiptsStore.decide(tx, gids);
    const pay = paying.length === 0 ? undefined : claimedOrdersStore.pay(tx, gidsOf(paying));
    const announce = paying.length === 0 ? undefined : deps.announcePaid(tx, paying);
    let hint = (): void => undefined;
    let announcing: Promise<AnnouncedOrders | undefined> = Promise.resolve(undefined);
    let receipts: ReadonlyMap<Gid, DecidedReceipt> = new Map();
    return {
      inTransaction: async (settlements) => {
        const [rows, paid] = await Promise.all([deciding, pay ?? []]);
        receipts = indexBy(rows, gidOf);
        mustFit(settlements, receipts, paid);
        const messages: OutboxMessage[] = [];
        const incidents: NewIncident[] = [];
        for (const one of settlements) {
          const receipt = receipts.get(one.gid);
          messages.push(voucherMessage(deps, one, receipt));
          incidents.push(...incidentsOf(one, receipt));
        }
        const handOver = deps.outbox.append(tx, messages);
        if (announce !== undefined) announcing = announce(tracesOf(settlements, receipts));
        const [announced] = await Promise.all([
          announcing,
          incidents.length === 0 ? undefined : deps.incidents.report(tx, incidents),
        ]);
        hint = () => {
          handOver();
          if (announced !== undefined) deps.hints.notifications(announced.committed());
        };
      },
      committed: (settlements) => {
        for (const one of settlements) logDecided(deps.logger, one, receipts.get(one.gid));
        hint();
        for (const one of settlements) deps.observer?.decided(one.plan.outcome, one.receipt_id);
      },
      failed: () => {
        void giveUp(announcing);
      },
    };
  };
}

async function giveUp(announcing: Promise<AnnouncedOrders | undefined>): Promise<void> {
  const announced = await announcing.catch(() => undefined);
  announced?.failed();
}

/** Whatever was decided has its receipt decided and its order paid, or nothing of it is committed. */
function mustFit(
  settlements: readonly Settlement[],
  receipts: ReadonlyMap<Gid, DecidedReceipt>,
  paid: readonly PaidOrder[],
): void {
  if (receipts.size !== settlements.length)
    throw new Error('a receipt was not settling when its transaction was decided');
  if (paid.length !== settlements.filter(paidOrder).length)
    throw new Error('an order was not open for the receipt that had claimed it');
}

function gidsOf(moving: readonly Moving<SettlementPlan>[]): readonly Gid[] {
  return moving.map(gidOf);
}

function paysOrder(moving: Moving<SettlementPlan>): boolean {
  switch (moving.plan.outcome) {
    case 'order_paid':
      return true;
    case 'suspense':
      return false;
    default:
      return assertNever(moving.plan.outcome);
  }
}

function paidOrder(settlement: Settlement): boolean {
  return settlement.pays_order;
}

/** The canonical line of a payment: once it is decided, and only then. */
function logDecided(logger: Pick<Logger, 'info'>, one: Settlement, receipt: DecidedReceipt | undefined): void {
  const { plan } = one;
  const facts = {
    event: 'payment.decided',
    outcome: plan.outcome,
    receipt: showId('receipt', one.receipt_id),
    order: one.order_id === null ? null : showId('order', one.order_id),
    transaction: showId('transaction', one.gid),
    merchant: plan.merchantId === null ? null : showId('merchant', plan.merchantId),
    channel: plan.channel,
    amount: plan.gross,
    currency: plan.currency,
    ...traceFields(receipt?.traceparent),
  };
  logger.info(facts, 'payment decided');
}

/** The paid orders, each with the trace of its receipt. */
function tracesOf(
  settlements: readonly Settlement[],
  receipts: ReadonlyMap<Gid, DecidedReceipt>,
): ReadonlyMap<OrderId, Traceparent | null> {
  const traces = new Map<OrderId, Traceparent | null>();
  for (const one of settlements.filter(paidOrder))
    traces.set(one.order_id as OrderId, receipts.get(one.gid)?.traceparent ?? null);
  return traces;
}

function voucherMessage(
  deps: SettlementHookDependencies,
  one: Settlement,
  receipt: DecidedReceipt | undefined,
): OutboxMessage {
  if (receipt === undefined) throw new Error(`receipt ${one.receipt_id} has no time of decision`);
  const { plan } = one;
  const payload: VoucherMessage = {
    kind: 'receipt_settled',
    receiptId: one.receipt_id,
    orderId: one.order_id,
    gid: one.gid,
    channel: plan.channel,
    currency: plan.currency,
    gross: plan.gross,
    credits: plan.credits.map(copied),
    pointsValue: plan.pointsValue,
    merchantId: plan.merchantId,
    legsHash: one.legs_hash,
    occurredAt: receipt.decided_at.toISOString(),
  };
  return {
    id: deps.ids.next<'message'>(),
    topic: VOUCHER_TOPIC,
    eventKey: one.receipt_id,
    version: VOUCHER_MESSAGE_VERSION,
    payload,
    traceparent: receipt.traceparent,
  };
}

function copied(credit: Credit): Credit {
  return { ...credit };
}

function incidentsOf(one: Settlement, receipt: DecidedReceipt | undefined): readonly NewIncident[] {
  return one.plan.incidents.map(({ kind, facts }) => ({
    kind,
    subject: typeof facts['account'] !== 'string' ? one.receipt_id : `${one.receipt_id}/${facts['account']}`,
    orderId: one.order_id as OrderId | null,
    receiptId: one.receipt_id as ReceiptId,
    gid: one.gid,
    traceparent: receipt?.traceparent ?? null,
    facts,
  }));
}
