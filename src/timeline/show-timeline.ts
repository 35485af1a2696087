import { showId } from '../core/ids';
import { traceIdOf } from '../core/traceparent';
import { incidentItems, messageItems, movementItems, notificationItems, voucherItem } from './effect-items';
import { inOrder, leftOut, leftOutOfEach, retriedOf, showIdOrNull } from './facts';
import { eventItem, isOpen, orderItems, receiptItems, tracesOf, transactionItems } from './payment-items';
import type { PaymentFacts, WholePayment } from './read-timeline';
import { TIMELINE_KINDS, type TimelineView } from './timeline-schemas';

/** A payment as operators see it: everything. */
export function showTimeline(payment: WholePayment): TimelineView {
  const { order, receipts, transactions, events, messages, incidents, vouchers } = payment;
  const traces = tracesOf(receipts);
  const receiptOf = new Map<string, string>([
    ...receipts.map((one) => [one.gid ?? '', one.id] as const),
    ...transactions.map((one) => [one.gid, one.receipt_id] as const),
  ]);
  const messageTraces = new Map<string, string | null>(
    messages.map((message) => [message.receipt_id, traceIdOf(message.traceparent)]),
  );
  const ofReceipt = (receipt: string): string | null => messageTraces.get(receipt) ?? traces.get(receipt) ?? null;
  const ofTransaction = (gid: string): string | null => traces.get(receiptOf.get(gid) ?? '') ?? null;
  const items = [
    ...orderItems(payment, traces),
    ...events.map(eventItem),
    ...receipts.flatMap(receiptItems),
    ...transactions.flatMap((one) => transactionItems(one, traces)),
    ...Object.entries(payment.movements).flatMap(([participant, part]) =>
      part.kind === 'there' ? movementItems(participant, part.facts, ofTransaction) : [],
    ),
    ...messages.flatMap(messageItems),
    ...(vouchers.kind === 'there' ? vouchers.facts.map((voucher) => voucherItem(voucher, ofReceipt)) : []),
    ...notificationItems(payment),
    ...incidents.flatMap(incidentItems),
  ];
  return {
    order: showIdOrNull('order', order?.id ?? null),
    receipts: receipts.map((receipt) => showId('receipt', receipt.id)),
    items: inOrder(items, TIMELINE_KINDS),
    pending: pendingOf(payment),
    unavailable: unavailableOf(payment),
    left_out: [
      ...leftOut('receipts', receipts[0]?.total, receipts.length),
      ...leftOutOfEach('transactions', transactions, (one) => one.receipt_id),
      ...leftOut('callback_events', events[0]?.total, events.length),
      ...leftOutOfNotifications(payment),
      ...leftOut('incidents', incidents[0]?.total, incidents.length),
    ],
  };
}

export function leftOutOfNotifications({ notifications, attempts }: PaymentFacts) {
  return [
    ...leftOut('notifications', notifications[0]?.total, notifications.length),
    ...leftOutOfEach('notification_attempts', attempts, (attempt) => attempt.notification_id),
  ];
}

function pendingOf({ receipts, transactions, messages, notifications }: PaymentFacts): TimelineView['pending'] {
  return [
    ...receipts
      .filter((receipt) => receipt.status !== 'settled')
      .map((one) => ({
        what: 'receipt' as const,
        id: showId('receipt', one.id),
        status: one.status,
        ...retriedOf(one, one.status === 'waiting'),
      })),
    ...transactions.filter(isOpen).map((one) => ({
      what: 'transaction' as const,
      id: showId('transaction', one.gid),
      status: one.status,
      ...retriedOf(one, true),
    })),
    ...messages
      .filter((message) => message.done_at === null)
      .map((one) => ({
        what: 'voucher' as const,
        id: showId('message', one.id),
        status: one.status,
        ...retriedOf(one, true),
      })),
    ...notifications
      .filter((notification) => notification.status === 'scheduled')
      .map((one) => ({
        what: 'notification' as const,
        id: showId('notification', one.id),
        status: one.status,
        ...retriedOf(one, true),
      })),
  ];
}

function unavailableOf({ movements, vouchers }: WholePayment): TimelineView['unavailable'] {
  return [...Object.entries(movements), ['accounting', vouchers] as const].flatMap(([name, part]) =>
    part.kind === 'away' ? [{ part: name, reason: part.reason }] : [],
  );
}
