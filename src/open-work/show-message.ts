import { showId } from '../core/ids';
import { traceIdOf } from '../core/traceparent';
import type { ViewedMessage } from './messages-view-store';
import type { MessageView } from './open-work-schemas';

/** A message of the outbox as operators see it: what it asks for and how that goes, without its content. */
export function showMessage(row: ViewedMessage): MessageView {
  return {
    id: showId('message', row.id),
    topic: row.topic,
    event_key: row.event_key,
    receipt: row.topic === 'voucher' ? showId('receipt', row.event_key) : null,
    status: row.status,
    attempts: row.attempts,
    next_try_at: row.status === 'due' ? row.next_try_at.toISOString() : null,
    worked_on: row.worked_on,
    last_error: row.last_error,
    age_seconds: row.age_seconds,
    trace_id: traceIdOf(row.traceparent),
    created_at: row.created_at.toISOString(),
    done_at: row.done_at?.toISOString() ?? null,
  };
}
