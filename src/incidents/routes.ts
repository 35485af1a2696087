import { Router } from 'express';
import type { Database } from '../consistency/transaction';
import { type IdKind, showId } from '../core/ids';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import { listIncidentsQuery } from './incident-schemas';
import { type IncidentRow, listIncidents } from './incidents-store';

/** Mounted at /admin/incidents. */
export function createIncidentRoutes(deps: { readonly db: Database<'orders'> }): Router {
  const router = Router();
  router.get('/', async (req, res) => {
    const { status, kind, ...paging } = parse(listIncidentsQuery, req.query, 'query');
    const page = readPage(paging);
    const rows = await listIncidents(deps.db, { status, kind, after: page.after, limit: rowsToRead(page) });
    res.json(listed(rows, page, showIncident, (row) => row.id));
  });
  return router;
}

function showIncident(row: IncidentRow): Readonly<Record<string, unknown>> {
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
