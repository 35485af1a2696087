import { type IdKind, showId } from '../core/ids';
import type { IncidentView } from './incident-schemas';
import type { IncidentRow } from './incidents-store';

/** An incident as operators see it. */
export function showIncident(row: IncidentRow): IncidentView {
  const show = (kind: IdKind, id: string | null): string | null => (id === null ? null : showId(kind, id));
  return {
    id: showId('incident', row.id),
    kind: row.kind,
    subject: row.subject,
    order: show('order', row.order_id),
    receipt: show('receipt', row.receipt_id),
    transaction: show('transaction', row.gid),
    facts: row.facts,
    status: row.status,
    times_seen: row.times_seen,
    opened_at: row.opened_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    resolved_at: row.resolved_at?.toISOString() ?? null,
    resolution: row.resolution,
  };
}
