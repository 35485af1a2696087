import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { findAction, listActions } from './find-actions-store';
import * as operations from './operator-action-operations';
import { showOperatorAction } from './show-operator-action';

/** Mounted at /admin/operator-actions. */
export function createOperatorActionRoutes({ db }: { readonly db: Database<'orders'> }): Routes {
  const routes = createRoutes('Operator actions');
  routes.serve(operations.listOperatorActions, async ({ query: { limit, cursor, ...filter } }) => {
    const page = readPage({ limit, cursor }, 'number');
    const rows = await listActions(db, filter, { after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, showOperatorAction, (row) => row.number);
  });
  routes.serve(operations.getOperatorAction, async ({ params: { action_id: id } }) => {
    const row = await findAction(db, id);
    if (row === undefined) throw new Problem('not_found', 'there is no such action');
    return showOperatorAction(row);
  });
  return routes;
}
