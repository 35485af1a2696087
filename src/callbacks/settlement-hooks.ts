import type { Logger } from 'pino';
import { assertNever } from '../core/errors';
import { type Ids, type NotificationId, type OrderId, type ReceiptId, showId } from '../core/ids';
import { type Traceparent, traceFields } from '../core/traceparent';
import { VOUCHER_MESSAGE_VERSION, VOUCHER_TOPIC, type VoucherMessage } from '../accounting/voucher-message';
import type { Hints, Outbox, OutboxMessage } from '../consistency/outbox/outbox';
import type { OnMoved, TransactionHooks } from '../consistency/tcc/hooks';
import type { LoggedTransaction } from '../consistency/tcc/log-store';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { Incidents, NewIncident } from '../incidents/incident';
import { type OrderClaim, claimedOrdersStore } from './claimed-orders-store';
import type { SettlementPlan } from './plan';
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
  readonly hints: Hints;
  readonly logger: Pick<Logger, 'info'>;
  readonly announcePaid: AnnouncePaid;
  readonly observer?: SettlementObserver;
}

/**
 * Announces to the merchants that these orders are paid, each with the trace of the receipt that paid it; returns the
 * notifications that are due now.
 */
export type AnnouncePaid = (
  tx: Tx<'orders'>,
  orders: ReadonlyMap<OrderId, Traceparent | null>,
) => Promise<readonly NotificationId[]>;

type Settlement = LoggedTransaction<SettlementPlan>;

/** What the payment adds to each move of its global transaction. Rows are locked as in commit A: receipts, then orders. */
export function createSettlementHooks(deps: SettlementHookDependencies): TransactionHooks<SettlementPlan> {
  return {
    onDecided: decided(deps),
    onConfirmed: (tx, settlements) => {
      receiptsStore.settle(
        tx,
        settlements.map((one) => one.receipt_id),
      );
      // An order that was paid let go of its receipt in the decision.
      const claims = settlements.filter((one) => !one.pays_order).flatMap(claimOf);
      if (claims.length > 0) claimedOrdersStore.release(tx, claims);
      return Promise.resolve(() => {
        for (const one of settlements) deps.observer?.settled(one.receipt_id);
      });
    },
    onCancelled: (tx, settlements) => {
      receiptsStore.waitAgain(
        tx,
        settlements.map((one) => ({ id: one.receipt_id, refusals: one.refusal ?? [] })),
      );
      return Promise.resolve(undefined);
    },
    onBug: async ({ gid, traceparent }, kind, facts) => {
      const incident = { kind, subject: gid, gid, traceparent, facts };
      await inTransaction(deps.db, (tx) => deps.incidents.report(tx, [incident]));
    },
  };
}

/** Commit D: the order is paid, and the voucher's message and the notification follow from what the decision returned. */
function decided(deps: SettlementHookDependencies): OnMoved<SettlementPlan> {
  return async (tx, settlements) => {
    const outcomes = settlements.map((one) => ({ id: one.receipt_id, outcome: one.plan.outcome }));
    const claims = claimsOf(settlements);
    const [rows, paid] = await Promise.all([
      receiptsStore.decide(tx, outcomes),
      claims.length === 0 ? [] : claimedOrdersStore.pay(tx, claims),
    ]);
    const receipts = new Map(rows.map((row) => [row.id as string, row]));
    if (receipts.size !== settlements.length)
      throw new Error('a receipt was not settling when its transaction was decided');
    if (paid.length !== claims.length) throw new Error('an order was not open for the receipt that had claimed it');
    const messages = settlements.map((one) => voucherMessage(deps, one, receipts.get(one.receipt_id)));
    deps.outbox.append(tx, messages);
    const notifications = paid.length === 0 ? [] : await deps.announcePaid(tx, tracesOf(settlements, receipts));
    const incidents = settlements.flatMap((one) => incidentsOf(one, receipts.get(one.receipt_id)));
    if (incidents.length > 0) await deps.incidents.report(tx, incidents);
    return () => {
      for (const one of settlements) logDecided(deps.logger, one, receipts.get(one.receipt_id));
      deps.hints.outbox(messages.map((message) => message.id));
      deps.hints.notifications(notifications);
      for (const one of settlements) deps.observer?.decided(one.plan.outcome, one.receipt_id);
    };
  };
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

function claimsOf(settlements: readonly Settlement[]): OrderClaim[] {
  return settlements.flatMap((one) => {
    switch (one.plan.outcome) {
      case 'order_paid':
        return claimOf(one);
      case 'suspense':
        return [];
      default:
        return assertNever(one.plan.outcome);
    }
  });
}

/** The order that the receipt may have claimed, in this attempt or in an earlier one that was judged otherwise. */
function claimOf(one: Settlement): OrderClaim[] {
  if (one.order_id === null) return [];
  return [{ orderId: one.order_id as OrderId, receiptId: one.receipt_id as ReceiptId }];
}

/** The paid orders, each with the trace of its receipt. */
function tracesOf(
  settlements: readonly Settlement[],
  receipts: ReadonlyMap<string, DecidedReceipt>,
): ReadonlyMap<OrderId, Traceparent | null> {
  return new Map(
    claimsOf(settlements).map(({ orderId, receiptId }) => [orderId, receipts.get(receiptId)?.traceparent ?? null]),
  );
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
    credits: plan.credits.map((credit) => ({ ...credit })),
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
