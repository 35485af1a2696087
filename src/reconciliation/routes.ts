import type { Request } from 'express';
import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { Id } from '../core/ids';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { inviteBody, mustNotBeLonger } from '../http/raw-body';
import { poolsStore } from './matching/pools-store';
import type { Reconciliation } from './reconciliation';
import * as operations from './reconciliation-operations';
import { resultsStore } from './results-store';
import type { RunId, RunRow } from './run';
import { runsStore } from './runs-store';
import { STATEMENT_LIMIT_BYTES } from './stage-statement';
import { showMapping, showPoolEntry, showResult, showRun } from './show-reconciliation';

export interface ReconciliationRoutesDependencies {
  readonly db: Database<'orders'>;
  readonly reconciliation: Reconciliation;
  /** Told of a run that is due now, so that nobody waits for the sweep. */
  readonly onDue: (run: RunId) => void;
}

/** Mounted at /admin/reconciliation, before bodies are parsed. */
export function createStatementRoutes({ db, reconciliation, onDue }: ReconciliationRoutesDependencies): Routes {
  const routes = createRoutes('Reconciliation');
  routes.serve(operations.uploadStatement, async ({ query, req, res }) => {
    mustBeCsv(req);
    mustNotBeLonger(req, STATEMENT_LIMIT_BYTES);
    inviteBody(req, res);
    const staged = await reconciliation.handIn({
      channel: query.channel,
      date: query.date,
      fileName: query.file_name ?? null,
      file: query.mapping,
      expected: { count: query.expect_count, amounts: query.expect_total },
      chunks: req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>,
    });
    if (staged.kind === 'staged') onDue(staged.run);
    return { duplicate: staged.kind === 'duplicate', run: showRun(await runOf(db, staged.run)) };
  });
  return routes;
}

/** Mounted at /admin/reconciliation. */
export function createReconciliationRoutes(deps: ReconciliationRoutesDependencies): Routes {
  const { db, reconciliation, onDue } = deps;
  const routes = createRoutes('Reconciliation');
  routes.serve(operations.listRuns, async ({ query: { channel, status, ...paging } }) => {
    const page = readPage(paging);
    const rows = await runsStore.list(db, { channel, status, after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, showRun, (row) => row.id);
  });
  routes.serve(operations.showRun, async ({ params }) => showRun(await runOf(db, params.run_id)));
  routes.serve(operations.listResults, async ({ params, query }) => {
    const page = readPage(query, 'number');
    const run = await runOf(db, params.run_id);
    const filter = { class: query.class, after: page.after, limit: rowsToRead(page) };
    return listed(await resultsStore.list(db, run.id, filter), page, showResult, (row) => row.number);
  });
  routes.serve(operations.listPool, async ({ query: { channel, side, status, ...paging } }) => {
    const page = readPage(paging, 'number');
    const rows = await poolsStore.list(db, { channel, side, status, after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, showPoolEntry, (row) => row.number);
  });
  routes.serve(operations.examinePools, async ({ body }) => {
    const run = await reconciliation.examine(body.channel);
    onDue(run);
    return showRun(await runOf(db, run));
  });
  routes.serve(operations.showMapping, async ({ params }) =>
    showMapping(params.channel, await reconciliation.mapping(params.channel)),
  );
  routes.serve(operations.setMapping, async ({ params, body }) =>
    showMapping(params.channel, await reconciliation.setMapping(params.channel, body)),
  );
  return routes;
}

async function runOf(db: Database<'orders'>, id: Id<'statementRun'>): Promise<RunRow> {
  const run = await runsStore.find(db, id);
  if (run === undefined) throw new Problem('not_found', 'there is no such run');
  return run;
}

function mustBeCsv(req: Request): void {
  const encoding = req.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new Problem('unsupported_encoding', 'send the file as it is, uncompressed');
  }
  if (req.is('text/csv') === false) throw new Problem('unsupported_media_type', 'send the file as text/csv');
}
