import type { Database } from '../consistency/transaction';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import * as operations from './incident-operations';
import { listIncidents } from './incidents-store';
import { showIncident } from './show-incident';

/** Mounted at /admin/incidents. */
export function createIncidentRoutes(deps: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Incidents');
  routes.serve(operations.listIncidents, async ({ query: { status, kind, ...paging } }) => {
    const page = readPage(paging);
    const rows = await listIncidents(deps.db, { status, kind, after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, showIncident, (row) => row.id);
  });
  return routes;
}
