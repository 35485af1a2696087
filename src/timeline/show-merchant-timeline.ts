import { showId } from '../core/ids';
import { Money, displayAmount } from '../core/money';
import { traceIdOf } from '../core/traceparent';
import { notificationItems } from './effect-items';
import { inOrder, leftOut } from './facts';
import { tracesOf } from './payment-items';
import type { OrderFacts, ReceiptFacts, TransactionFacts } from './payment-store';
import type { PaymentFacts } from './read-timeline';
import { leftOutOfNotifications } from './show-timeline';
import type { IncidentFacts } from './telling-store';
import { MERCHANT_TIMELINE_KINDS, type MerchantTimelineItem, type MerchantTimelineView } from './timeline-schemas';

/** These are about the merchant's own endpoints, and it sees them as notifications. */
const ITS_OWN: ReadonlySet<IncidentFacts['kind']> = new Set(['notification_exhausted', 'endpoint_gone']);

/**
 * An order as its merchant sees it. Only what is named here is taken over, so that what else is known of a payment (how it
 * is settled, where money waits, why somebody looks at it) stays with us.
 */
export function showMerchantTimeline(order: OrderFacts, payment: PaymentFacts): MerchantTimelineView {
  const { receipts } = payment;
  const traces = tracesOf(receipts);
  const reviews = payment.incidents.filter((incident) => !ITS_OWN.has(incident.kind));
  const items: MerchantTimelineItem[] = [
    ...orderItems(order, traces),
    ...receipts.map((receipt) => receivedItem(receipt)),
    ...receipts.flatMap((receipt) => creditedItem(order, receipt, payment.transactions)),
    ...reviews.flatMap(reviewItems),
    ...notificationItems(payment),
  ];
  return {
    order: showId('order', order.id),
    status: order.status,
    under_review: reviews.some((incident) => incident.status !== 'resolved'),
    items: inOrder(items, MERCHANT_TIMELINE_KINDS),
    left_out: [...leftOut('payments', receipts[0]?.total, receipts.length), ...leftOutOfNotifications(payment)],
  };
}

function orderItems(order: OrderFacts, traces: ReadonlyMap<string, string | null>): MerchantTimelineItem[] {
  const facts = {
    amount: displayAmount(order.amount, order.currency),
    currency: order.currency,
    expires_at: order.expires_at,
  };
  const items: MerchantTimelineItem[] = [{ at: order.created_at, kind: 'order_created', trace_id: null, facts }];
  if (order.paid_at !== null) {
    const trace_id = traces.get(order.paid_by ?? '') ?? null;
    items.push({ at: order.paid_at, kind: 'order_paid', trace_id, facts: {} });
  }
  if (order.ended_at !== null && (order.status === 'closed' || order.status === 'expired')) {
    items.push({ at: order.ended_at, kind: `order_${order.status}`, trace_id: null, facts: {} });
  }
  return items;
}

function receivedItem(receipt: ReceiptFacts): MerchantTimelineItem {
  return {
    at: receipt.received_at,
    kind: 'payment_received',
    trace_id: traceIdOf(receipt.traceparent),
    facts: {
      provider_reference: receipt.provider_reference,
      channel: receipt.channel,
      amount: displayAmount(receipt.amount, receipt.currency),
      currency: receipt.currency,
    },
  };
}

/** What of the payment reached the merchant, its payees and its customer; nothing where none of it did. */
function creditedItem(
  order: OrderFacts,
  receipt: ReceiptFacts,
  transactions: readonly TransactionFacts[],
): MerchantTimelineItem[] {
  const done = transactions.find((one) => one.receipt_id === receipt.id && one.status === 'confirmed');
  if (done === undefined || done.ended_at === null) return [];
  const { plan } = done;
  const sum = (to: string): string =>
    plan.credits
      .filter((credit) => credit.to === to)
      .reduce((total, credit) => total.plus(Money.fromDatabase(credit.amount, plan.currency)), zeroOf(plan.currency))
      .toString();
  const accountIds = new Map(order.splits.map((split) => [split.account, split.account_id]));
  const splits = plan.credits.flatMap(({ to, party, amount }) => {
    const account = accountIds.get(party);
    return to !== 'payee' || account === undefined ? [] : [{ account: showId('account', account), amount }];
  });
  if (splits.length === 0 && !plan.credits.some((credit) => credit.to === 'merchant')) return [];
  const points = plan.branches.find((branch) => branch.participant === 'points')?.legs[0]?.amount ?? '0';
  return [
    {
      at: done.ended_at,
      kind: 'payment_credited',
      trace_id: traceIdOf(receipt.traceparent),
      facts: {
        provider_reference: receipt.provider_reference,
        currency: plan.currency,
        amount: plan.gross,
        fee: sum('fees'),
        net: sum('merchant'),
        splits,
        points,
      },
    },
  ];
}

function zeroOf(currency: string): Money {
  return Money.fromDatabase('0', currency);
}

function reviewItems(incident: IncidentFacts): MerchantTimelineItem[] {
  const trace_id = traceIdOf(incident.traceparent);
  const facts = { review: showId('incident', incident.id) };
  const items: MerchantTimelineItem[] = [{ at: incident.opened_at, kind: 'review_opened', trace_id, facts }];
  if (incident.resolved_at !== null) {
    items.push({ at: incident.resolved_at, kind: 'review_closed', trace_id, facts });
  }
  return items;
}
