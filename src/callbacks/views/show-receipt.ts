import { showId } from '../../core/ids';
import { displayAmount } from '../../core/money';
import { traceIdOf } from '../../core/traceparent';
import type { ViewedReceipt } from './receipts-view-store';
import type { ViewedTransaction } from './transactions-view-store';
import type { ReceiptView, TransactionView } from './view-schemas';

/** A receipt as operators see it. */
export function showReceipt(row: ViewedReceipt): ReceiptView {
  return {
    id: showId('receipt', row.id),
    channel: row.channel,
    provider: row.provider,
    receiving_account: row.receiving_account,
    provider_reference: row.provider_reference,
    payment_reference: row.payment_reference,
    amount: displayAmount(row.amount, row.currency),
    currency: row.currency,
    order: row.order_id === null ? null : showId('order', row.order_id),
    status: row.status,
    outcome: row.outcome,
    refusals: row.refusals.map(({ participant, account, reason }) => ({ participant, account, reason })),
    attempts: row.attempts,
    next_try_at: row.status === 'waiting' ? (row.next_try_at?.toISOString() ?? null) : null,
    worked_on: row.worked_on,
    last_error: row.last_error,
    age_seconds: row.age_seconds,
    trace_id: traceIdOf(row.traceparent),
    received_at: row.received_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null,
    settled_at: row.settled_at?.toISOString() ?? null,
  };
}

/** An attempt to settle a receipt as operators see it. */
export function showTransaction(row: ViewedTransaction): TransactionView {
  return {
    id: showId('transaction', row.gid),
    receipt: showId('receipt', row.receipt_id),
    order: row.order_id === null ? null : showId('order', row.order_id),
    outcome: row.plan.outcome,
    status: row.status,
    branches: row.plan.branches.map(({ participant, branch, legs }) => ({
      participant,
      branch,
      legs: legs.map(({ account, direction, amount }) => ({ account, direction, amount })),
    })),
    refusals: (row.refusal ?? []).map(({ participant, account, reason }) => ({ participant, account, reason })),
    deadline: row.deadline.toISOString(),
    attempts: row.attempts,
    next_try_at: row.ended_at === null ? row.next_try_at.toISOString() : null,
    worked_on: row.worked_on,
    last_error: row.last_error,
    age_seconds: row.age_seconds,
    trace_id: traceIdOf(row.traceparent),
    created_at: row.created_at.toISOString(),
    decided_at: row.decided_at?.toISOString() ?? null,
    ended_at: row.ended_at?.toISOString() ?? null,
  };
}
