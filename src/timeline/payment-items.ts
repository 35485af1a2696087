import { showId } from '../core/ids';
import { displayAmount } from '../core/money';
import { traceIdOf } from '../core/traceparent';
import { retriedOf, showIdOrNull } from './facts';
import type { OrderFacts, ReceiptFacts, RefusalFacts, TransactionFacts } from './payment-store';
import type { PaymentFacts } from './read-timeline';
import type { EventFacts } from './telling-store';
import type { TimelineItem } from './timeline-schemas';

/** Under which trace a receipt came in: what follows from it goes on under the same. */
export type Traces = ReadonlyMap<string, string | null>;

export function tracesOf(receipts: readonly ReceiptFacts[]): Traces {
  return new Map(receipts.map((receipt) => [receipt.id, traceIdOf(receipt.traceparent)]));
}

export function orderItems({ order, transactions }: PaymentFacts, traces: Traces): TimelineItem[] {
  if (order === undefined) return [];
  const id = showId('order', order.id);
  const paidBy = order.paid_by;
  const items: TimelineItem[] = [
    {
      at: order.created_at,
      kind: 'order_created',
      trace_id: null,
      facts: {
        order: id,
        merchant: showId('merchant', order.merchant_id),
        merchant_order_no: order.merchant_order_no,
        payment_reference: order.payment_reference,
        amount: displayAmount(order.amount, order.currency),
        currency: order.currency,
        expires_at: order.expires_at,
      },
    },
    ...claimItems(order, transactions, traces),
  ];
  if (order.paid_at !== null) {
    const trace = paidBy === null ? null : (traces.get(paidBy) ?? null);
    const facts = { order: id, receipt: showIdOrNull('receipt', paidBy) };
    items.push({ at: order.paid_at, kind: 'order_paid', trace_id: trace, facts });
  }
  if (order.ended_at !== null && (order.status === 'closed' || order.status === 'expired')) {
    items.push({ at: order.ended_at, kind: `order_${order.status}`, trace_id: null, facts: { order: id } });
  }
  return items;
}

/** A receipt claims its order in the commit that opens its first transaction to pay it. */
function claimItems(order: OrderFacts, transactions: readonly TransactionFacts[], traces: Traces): TimelineItem[] {
  const first = new Map<string, TransactionFacts>();
  for (const one of transactions) {
    if (one.pays_order && one.order_id === order.id && !first.has(one.receipt_id)) first.set(one.receipt_id, one);
  }
  return [...first.values()].map((one) => ({
    at: one.created_at,
    kind: 'order_claimed',
    trace_id: traces.get(one.receipt_id) ?? null,
    facts: { order: showId('order', order.id), receipt: showId('receipt', one.receipt_id) },
  }));
}

export function eventItem(event: EventFacts): TimelineItem {
  return {
    at: event.received_at,
    kind: 'callback_event',
    trace_id: traceIdOf(event.traceparent),
    facts: {
      event: showId('event', event.id),
      channel: event.channel,
      verdict: event.verdict,
      outcome: event.outcome,
      receipt: showIdOrNull('receipt', event.receipt_id),
      provider_reference: event.provider_reference,
      facts: event.facts,
    },
  };
}

export function receiptItems(receipt: ReceiptFacts): TimelineItem[] {
  const trace_id = traceIdOf(receipt.traceparent);
  const id = showId('receipt', receipt.id);
  const outcome = receipt.outcome ?? '';
  const items: TimelineItem[] = [
    {
      at: receipt.received_at,
      kind: 'receipt_received',
      trace_id,
      facts: {
        receipt: id,
        order: showIdOrNull('order', receipt.order_id),
        channel: receipt.channel,
        provider_reference: receipt.provider_reference,
        payment_reference: receipt.payment_reference,
        amount: displayAmount(receipt.amount, receipt.currency),
        currency: receipt.currency,
        status: receipt.status,
        ...retriedOf(receipt, receipt.status === 'waiting'),
      },
    },
  ];
  if (receipt.decided_at !== null) {
    const facts = { receipt: id, outcome, refusals: receipt.refusals.map(refusal) };
    items.push({ at: receipt.decided_at, kind: 'receipt_decided', trace_id, facts });
  }
  if (receipt.settled_at !== null) {
    items.push({ at: receipt.settled_at, kind: 'receipt_settled', trace_id, facts: { receipt: id, outcome } });
  }
  return items;
}

export function isOpen({ status }: Pick<TransactionFacts, 'status'>): boolean {
  return status === 'trying' || status === 'confirming' || status === 'cancelling';
}

export function transactionItems(one: TransactionFacts, traces: Traces): TimelineItem[] {
  const trace_id = traces.get(one.receipt_id) ?? null;
  const transaction = showId('transaction', one.gid);
  const items: TimelineItem[] = [
    {
      at: one.created_at,
      kind: 'transaction_opened',
      trace_id,
      facts: {
        transaction,
        receipt: showId('receipt', one.receipt_id),
        number: one.number,
        outcome: one.plan.outcome,
        status: one.status,
        deadline: one.deadline,
        branches: one.plan.branches.map(({ participant, branch, legs }) => ({
          participant,
          branch,
          legs: legs.map(({ account, direction, amount }) => ({ account, direction, amount })),
        })),
        ...retriedOf(one, isOpen(one)),
      },
    },
  ];
  if (one.decided_at !== null) {
    const decision = one.status === 'cancelling' || one.status === 'cancelled' ? 'cancel' : 'confirm';
    const facts = { transaction, decision, refusals: (one.refusal ?? []).map(refusal) } as const;
    items.push({ at: one.decided_at, kind: 'transaction_decided', trace_id, facts });
  }
  if (one.ended_at !== null && (one.status === 'confirmed' || one.status === 'cancelled')) {
    const facts = { transaction, status: one.status };
    items.push({ at: one.ended_at, kind: 'transaction_ended', trace_id, facts });
  }
  return items;
}

function refusal({ participant, account, reason }: RefusalFacts): RefusalFacts & { reason: string } {
  return { participant, account, reason };
}
