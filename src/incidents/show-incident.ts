import { type IdKind, showId } from '../core/ids';
import type { IncidentEventRow } from './find-incidents-store';
import type { IncidentDetailView, IncidentEventView, IncidentView } from './incident-schemas';
import { INCIDENT_TRAITS } from './incident-traits';
import type { IncidentRow } from './incidents-store';

/** An incident as operators see it. */
export function showIncident(row: IncidentRow): IncidentView {
  const show = (kind: IdKind, id: string | null): string | null => (id === null ? null : showId(kind, id));
  const { severity, title } = INCIDENT_TRAITS[row.kind];
  return {
    id: showId('incident', row.id),
    kind: row.kind,
    severity,
    title,
    subject: row.subject,
    order: show('order', row.order_id),
    receipt: show('receipt', row.receipt_id),
    transaction: show('transaction', row.gid),
    facts: row.facts,
    status: row.status,
    times_seen: row.times_seen,
    opened_at: row.opened_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    assignee: row.assignee,
    resolved_at: row.resolved_at?.toISOString() ?? null,
    resolved_by: row.resolved_by,
    resolution: row.resolution,
    version: row.version,
  };
}

export function showIncidentEvent(row: IncidentEventRow): IncidentEventView {
  return { ...row, at: row.at.toISOString() };
}

/** @param events newest first */
export function showIncidentDetail(row: IncidentRow, events: readonly IncidentEventRow[]): IncidentDetailView {
  const shown = showIncident(row);
  return {
    ...shown,
    page: `docs/incidents.md#${row.kind}`,
    actions: INCIDENT_TRAITS[row.kind].actions.map(({ about, command }) => ({
      about,
      command: fillIn(command, shown),
    })),
    history: events.toReversed().map(showIncidentEvent),
  };
}

/** Puts the incident's own ids into a command; what it does not know is left for the operator, in angle brackets. */
function fillIn(command: string, { order, receipt, transaction }: IncidentView): string {
  const known: Readonly<Record<string, string | null>> = { order, receipt, transaction };
  return command.replace(/<([a-z-]+)>/g, (place, name: string) => known[name] ?? place);
}
