import { type IdKind, showId } from '../core/ids';
import { displayAmount } from '../core/money';
import type { MappingRow } from './mappings-store';
import type { PoolRow } from './matching/pools-store';
import type { MappingView, PoolView, ResultView, RunView } from './reconciliation-schemas';
import { trimmed } from './report-differences';
import type { ResultRow } from './results-store';
import { type RunRow, isDifference } from './run';

const ifThere = (kind: IdKind, id: string | null): string | null => (id === null ? null : showId(kind, id));
const decimal = (text: string | null): string | null => (text === null ? null : trimmed(text));
const time = (at: Date | null): string | null => at?.toISOString() ?? null;

export function showRun(row: RunRow): RunView {
  const totals = row.totals.map((total) => ({
    class: total.class,
    is_difference: isDifference(total.class),
    currency: total.currency,
    count: total.count,
    amount: displayAmount(total.amount, total.currency),
    fee: decimal(total.fee),
    fee_variance: decimal(total.fee_variance),
  }));
  return {
    id: showId('statementRun', row.id),
    channel: row.channel,
    kind: row.kind,
    statement_date: row.statement_date,
    file_name: row.file_name,
    file_hash: row.file_hash,
    lines: row.lines,
    status: row.status,
    step: row.step,
    reasons: row.reasons.map(({ line, reason }) => ({ line: line ?? null, reason })),
    totals,
    differences: totals.reduce((sum, total) => sum + (total.is_difference ? total.count : 0), 0),
    attempts: row.attempts,
    last_error: row.last_error,
    created_at: row.created_at.toISOString(),
    ended_at: time(row.ended_at),
  };
}

export function showResult(row: ResultRow): ResultView {
  return {
    number: row.number,
    class: row.class,
    line: lineOf(row),
    receipt:
      row.receipt_id === null
        ? null
        : {
            id: showId('receipt', row.receipt_id),
            order: ifThere('order', row.order_id),
            provider_reference: row.our_reference,
            amount: row.our_amount === null ? null : displayAmount(row.our_amount, row.our_currency ?? row.currency),
            currency: row.our_currency,
            status: row.our_status,
            outcome: row.our_outcome,
            received_at: time(row.received_at),
          },
    expected_fee: decimal(row.expected_fee),
    note: row.note,
    explains: row.explains,
  };
}

function lineOf(row: ResultRow): ResultView['line'] {
  if (row.line_run === null || row.line_number === null) return null;
  return {
    run: showId('statementRun', row.line_run),
    number: row.line_number,
    statement_date: row.statement_date,
    status: row.line_status,
    provider_reference: row.provider_reference,
    payment_reference: row.payment_reference,
    amount: displayAmount(row.amount, row.currency),
    currency: row.currency,
    fee: decimal(row.fee),
    time: time(row.occurred_at),
  };
}

export function showPoolEntry(row: PoolRow): PoolView {
  return {
    number: row.number,
    channel: row.channel,
    side: row.side,
    receipt: ifThere('receipt', row.receipt_id),
    line:
      row.line_run === null || row.line_number === null
        ? null
        : { run: showId('statementRun', row.line_run), number: row.line_number },
    provider_reference: row.provider_reference,
    payment_reference: row.payment_reference,
    amount: displayAmount(row.amount, row.currency),
    currency: row.currency,
    note: row.note,
    status: row.status === 'overdue' ? 'overdue' : 'waiting',
    since: row.since.toISOString(),
    due_at: row.due_at.toISOString(),
  };
}

export function showMapping(channel: string, row: MappingRow): MappingView {
  return {
    channel,
    file: row.file as MappingView['file'],
    rules: row.rules as MappingView['rules'],
    updated_at: row.updated_at.toISOString(),
  };
}
