import { assertNever } from '../core/errors';
import type { Gid, Ids, NotificationId, OrderId, ReceiptId } from '../core/ids';
import { VOUCHER_MESSAGE_VERSION, VOUCHER_TOPIC, type VoucherMessage } from '../accounting/voucher-message';
import type { Hints, Outbox, OutboxMessage } from '../consistency/outbox/outbox';
import type { OnMoved, TransactionHooks } from '../consistency/tcc/hooks';
import type { LoggedTransaction } from '../consistency/tcc/log-store';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { Incidents, NewIncident } from '../incidents/incident';
import { type OrderClaim, claimedOrdersStore } from './claimed-orders-store';
import type { SettlementPlan } from './plan';
import { receiptsStore } from './receipts-store';

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
  /** Announces to the merchants that these orders are paid; returns the notifications that are due now. */
  readonly announcePaid: (tx: Tx<'orders'>, orders: readonly OrderId[]) => Promise<readonly NotificationId[]>;
  readonly observer?: SettlementObserver;
}

type Settlement = LoggedTransaction<SettlementPlan>;

/** What the payment adds to each move of its global transaction. Rows are locked as in commit A: receipts, then orders. */
export function createSettlementHooks(deps: SettlementHookDependencies): TransactionHooks<SettlementPlan> {
  return {
    onDecided: decided(deps),
    onConfirmed: async (tx, settlements) => {
      await receiptsStore.settle(
        tx,
        settlements.map((one) => one.receipt_id),
      );
      const claims = settlements.flatMap(claimOf);
      if (claims.length > 0) await claimedOrdersStore.release(tx, claims);
      return () => {
        for (const one of settlements) deps.observer?.settled(one.receipt_id);
      };
    },
    onCancelled: async (tx, settlements) => {
      await receiptsStore.waitAgain(
        tx,
        settlements.map((one) => ({ id: one.receipt_id, refusals: one.refusal ?? [] })),
      );
      return undefined;
    },
    onBug: async (gid: Gid, kind, facts) => {
      await inTransaction(deps.db, (tx) => deps.incidents.report(tx, [{ kind, subject: gid, gid, facts }]));
    },
  };
}

/** Commit D: the order is paid, and the voucher's message and the notification follow from what the decision returned. */
function decided(deps: SettlementHookDependencies): OnMoved<SettlementPlan> {
  return async (tx, settlements) => {
    const outcomes = settlements.map((one) => ({ id: one.receipt_id, outcome: one.plan.outcome }));
    const times = new Map((await receiptsStore.decide(tx, outcomes)).map((row) => [row.id as string, row.decided_at]));
    if (times.size !== settlements.length)
      throw new Error('a receipt was not settling when its transaction was decided');
    const claims = claimsOf(settlements);
    const paid = claims.length === 0 ? [] : await claimedOrdersStore.pay(tx, claims);
    if (paid.length !== claims.length) throw new Error('an order was not open for the receipt that had claimed it');
    const messages = settlements.map((one) => voucherMessage(deps, one, times.get(one.receipt_id)));
    await deps.outbox.append(tx, messages);
    const notifications = paid.length === 0 ? [] : await deps.announcePaid(tx, paid);
    const incidents = settlements.flatMap(incidentsOf);
    if (incidents.length > 0) await deps.incidents.report(tx, incidents);
    return () => {
      deps.hints.outbox(messages.map((message) => message.id));
      deps.hints.notifications(notifications);
      for (const one of settlements) deps.observer?.decided(one.plan.outcome, one.receipt_id);
    };
  };
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

function voucherMessage(deps: SettlementHookDependencies, one: Settlement, decidedAt: Date | undefined): OutboxMessage {
  if (decidedAt === undefined) throw new Error(`receipt ${one.receipt_id} has no time of decision`);
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
    occurredAt: decidedAt.toISOString(),
  };
  return {
    id: deps.ids.next<'message'>(),
    topic: VOUCHER_TOPIC,
    eventKey: one.receipt_id,
    version: VOUCHER_MESSAGE_VERSION,
    payload,
  };
}

function incidentsOf(one: Settlement): readonly NewIncident[] {
  return one.plan.incidents.map(({ kind, facts }) => ({
    kind,
    subject: typeof facts['account'] !== 'string' ? one.receipt_id : `${one.receipt_id}/${facts['account']}`,
    orderId: one.order_id as OrderId | null,
    receiptId: one.receipt_id as ReceiptId,
    gid: one.gid,
    facts,
  }));
}
