import type { Database } from '../consistency/transaction';
import { Problem, assertNever } from '../core/errors';
import type { IncidentId } from '../core/ids';
import { operatorOf } from '../http/caller';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { findIncident, listEvents, listIncidents } from './find-incidents-store';
import * as operations from './incident-operations';
import { kindsOf } from './incident-traits';
import type { IncidentRow } from './incidents-store';
import { showIncident, showIncidentDetail, showIncidentEvent } from './show-incident';
import { type Changed, createIncidentWork } from './work-on-incidents';

/** So much of its history an incident shows by itself; the rest is listed page by page. */
const SHOWN_HISTORY = 100;

/** Mounted at /admin/incidents. */
export function createIncidentRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Incidents');
  const work = createIncidentWork({ db });
  routes.serve(operations.listIncidents, async ({ query: { kind, severity, order, receipt, assigned, ...rest } }) => {
    const { status, assignee, ...paging } = rest;
    const page = readPage(paging);
    const ofSeverity = severity === undefined ? undefined : kindsOf(severity);
    const kinds = kind === undefined ? ofSeverity : [kind].filter((one) => ofSeverity?.includes(one) ?? true);
    const filter = {
      status,
      kinds,
      assignee,
      assigned: assigned === undefined ? undefined : assigned === 'true',
      orderId: order,
      receiptId: receipt,
    };
    const rows = await listIncidents(db, filter, { after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, showIncident, (row) => row.id);
  });
  routes.serve(operations.getIncident, async ({ params: { incident_id: id } }) =>
    showIncidentDetail(await found(db, id), await listEvents(db, id, undefined, SHOWN_HISTORY)),
  );
  routes.serve(operations.listIncidentEvents, async ({ params: { incident_id: id }, query }) => {
    const page = readPage(query, 'number');
    await found(db, id);
    const rows = await listEvents(db, id, page.after, rowsToRead(page));
    return listed(rows, page, showIncidentEvent, (row) => String(row.number));
  });
  routes.serve(operations.resolveIncidents, async ({ body, req }) => {
    const resolved = await work.resolveMany({ ...body, operator: operatorOf(req) });
    return { resolved, more: resolved === body.limit };
  });
  routes.serve(operations.assignIncident, async ({ params: { incident_id: id }, body: { assignee, version }, req }) => {
    const operator = operatorOf(req);
    return afterChange(await work.assign({ id, operator, version, assignee: assignee ?? operator }));
  });
  routes.serve(operations.unassignIncident, async ({ params: { incident_id: id }, body: { version }, req }) =>
    afterChange(await work.unassign({ id, operator: operatorOf(req), version })),
  );
  routes.serve(operations.noteIncident, async ({ params: { incident_id: id }, body, req }) =>
    afterChange(await work.note({ id, operator: operatorOf(req), ...body })),
  );
  routes.serve(operations.resolveIncident, async ({ params: { incident_id: id }, body, req }) =>
    afterChange(await work.resolve({ id, operator: operatorOf(req), ...body })),
  );
  routes.serve(operations.reopenIncident, async ({ params: { incident_id: id }, body, req }) =>
    afterChange(await work.reopen({ id, operator: operatorOf(req), ...body })),
  );
  return routes;
}

async function found(db: Database<'orders'>, id: IncidentId): Promise<IncidentRow> {
  const incident = await findIncident(db, id);
  if (incident === undefined) throw noSuchIncident();
  return incident;
}

function noSuchIncident(): Problem {
  return new Problem('not_found', 'there is no such incident');
}

function afterChange(changed: Changed) {
  switch (changed.kind) {
    case 'done':
      return showIncident(changed.incident);
    case 'not_found':
      throw noSuchIncident();
    case 'not_open':
      throw new Problem('incident_not_open', 'it is resolved; reopen it first');
    case 'not_resolved':
      throw new Problem('incident_not_resolved', 'it is open');
    case 'assigned':
      throw new Problem('incident_assigned', `${changed.assignee} has it; send its version to take it over`);
    case 'changed':
      throw new Problem('incident_changed', `its version is ${changed.version} now; read it again`);
    default:
      return assertNever(changed);
  }
}
