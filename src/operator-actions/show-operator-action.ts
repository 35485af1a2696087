import type { Json } from '../core/canonical';
import { showId } from '../core/ids';
import type { ActionRow } from './find-actions-store';
import type { OperatorActionView } from './operator-action-schemas';

export function showOperatorAction(row: ActionRow): OperatorActionView {
  return {
    id: showId('operatorAction', row.action_id),
    number: row.number,
    at: row.at.toISOString(),
    operator: row.operator,
    operation: row.operation,
    method: row.method,
    path: row.path,
    query: read(row.query),
    body: read(row.body),
    content_type: row.content_type,
    content_length: row.content_length,
    content_digest: row.content_digest,
    subjects: [...row.subjects],
    request_id: row.request_id,
    trace_id: row.trace_id,
    client_address: row.client_address,
    idempotency_key: row.idempotency_key,
    hash: row.hash,
    outcome: outcomeOf(row),
  };
}

function outcomeOf(row: ActionRow): OperatorActionView['outcome'] {
  if (row.ended_at === null || row.status === null || row.replayed === null) return null;
  const { status, problem, created, replayed } = row;
  return { at: row.ended_at.toISOString(), status, problem, created, replayed };
}

function read(text: string | null): OperatorActionView['body'] {
  return text === null ? null : (JSON.parse(text) as Json as OperatorActionView['body']);
}
