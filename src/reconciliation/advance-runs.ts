import type { Logger } from 'pino';
import { type Claims, type Failure, createClaims } from '../consistency/claims';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import { assertNever } from '../core/errors';
import { type Ids, showId } from '../core/ids';
import { linesStore } from './lines-store';
import { paymentsLeg } from './matching/payments-store';
import { poolsStore } from './matching/pools-store';
import { takebacksLeg } from './matching/takebacks-store';
import { type SettleEvent, recoverCallbacks } from './recover-callbacks';
import { type ReportDependencies, reportDifferences } from './report-differences';
import { resultsStore } from './results-store';
import type { ReconciledChannel, RunId, RunStatus, RunningRun, Step } from './run';
import { runsStore } from './runs-store';
import { quarantine } from './stage-statement';

export interface AdvanceDependencies extends ReportDependencies {
  /** Connections of the reconciliation's own, whose statements may take longer than a payment's. */
  readonly db: Database<'orders'>;
  /** Where due runs are claimed: a look that hangs must not hang for as long as a statement over a million lines may. */
  readonly claimsDb: Database<'orders'>;
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly settle: SettleEvent;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

export interface Runs {
  /** Drives what is due, or only this run, from where it is to its end. @returns how many runs it took up */
  advance(only?: RunId): Promise<number>;
  /** Begins no more steps; resolves when those that are going on have ended. */
  drain(): Promise<void>;
}

interface DueRun extends Omit<RunningRun, 'channel'> {
  readonly status: RunStatus;
  readonly step: Step | null;
  readonly position: string;
  readonly attempts: number;
}

const LEASE_MS = 60_000;
const RUNS_AT_ONCE = 2;
const RECOVERED_AT_ONCE = 100;
const STUCK_AFTER_ATTEMPTS = 8;

/** The runs of statements as durable work: each step is a commit under the claim's token, and a crash costs the last one. */
export function createRuns(deps: AdvanceDependencies): Runs {
  const claims = createClaims<'orders', DueRun>(
    deps.claimsDb,
    {
      schema: 'orders',
      table: 'statement_runs',
      key: 'id',
      due: ['receiving', 'staged', 'matching'],
      columns: 't.id, t.kind, t.statement_date, t.rules, t.status, t.step, t.position, t.attempts',
    },
    { ids: deps.ids, jitter: deps.jitter },
  );
  let isDraining = false;
  const going = new Set<Promise<unknown>>();
  const work = async (only: RunId | undefined): Promise<number> => {
    const narrowed = only === undefined ? {} : { only: [only] };
    const { token, rows } = await claims.claim({ limit: RUNS_AT_ONCE, leaseMs: LEASE_MS, ...narrowed });
    for (const row of rows) {
      const failure = await driveOrFail(deps, claims, token, row, () => isDraining);
      if (failure !== undefined) await claims.retryLater(token, [failure]);
    }
    return rows.length;
  };
  return {
    advance: async (only) => {
      if (isDraining) return 0;
      const one = work(only);
      const guarded = one.catch(() => undefined);
      going.add(guarded);
      void guarded.then(() => going.delete(guarded));
      return one;
    },
    drain: async () => {
      isDraining = true;
      await Promise.all(going);
    },
  };
}

async function driveOrFail(
  deps: AdvanceDependencies,
  claims: Claims<'orders', DueRun>,
  token: string,
  row: DueRun,
  isDraining: () => boolean,
): Promise<Failure | undefined> {
  try {
    await drive(deps, claims, token, row, isDraining);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const facts = { event: 'reconciliation.put_off', err: error, run: showId('statementRun', row.id), step: row.step };
    deps.logger.warn(facts, 'a run of the reconciliation goes on later');
    if (row.attempts >= STUCK_AFTER_ATTEMPTS) await reportStuck(deps, row, reason);
    return { key: row.id, attempts: row.attempts, error: reason };
  }
}

/** From step to step, until the run is done, somebody else has it, or the process stops. */
async function drive(
  deps: AdvanceDependencies,
  claims: Claims<'orders', DueRun>,
  token: string,
  row: DueRun,
  isDraining: () => boolean,
): Promise<void> {
  const channel = await runsStore.channelOfRun(deps.db, row.id);
  if (channel === undefined) throw new Error(`run ${row.id} is of no channel`);
  if (row.status === 'receiving') {
    await abandon(deps, row, channel);
    return;
  }
  const run: RunningRun = { ...row, channel };
  let at: Place | undefined = { step: row.step ?? 'match', position: row.position };
  while (at !== undefined && !isDraining()) {
    const place: Place = at;
    if (place.step === 'match') await inTransaction(deps.db, 'reconciliation.analyze', (tx) => linesStore.analyze(tx));
    if (place.step === 'recover') await recoverPage(deps, run, place);
    const next = await inTransaction(deps.db, 'reconciliation.take', async (tx): Promise<Place | undefined> => {
      if ((await claims.stillMine(tx, token, [run.id])).length === 0) return undefined;
      const to = await take(deps, tx, run, place);
      if (to === undefined) await runsStore.finish(tx, run.id);
      else await runsStore.move(tx, run.id, to, LEASE_MS);
      return to;
    });
    at = next;
  }
  // Whoever takes over need not wait for the lease.
  if (at !== undefined)
    await inTransaction(deps.db, 'reconciliation.release', (tx) => releaseIfMine(claims, tx, token, run.id, at));
}

interface Place {
  readonly step: Step;
  /** How far a step is that goes page by page: the last result that it has dealt with. */
  readonly position: string;
}

/** One step, or a page of one. @returns where to go on, undefined where this was the last */
async function take(
  deps: AdvanceDependencies,
  tx: Tx<'orders'>,
  run: RunningRun,
  { step, position }: Place,
): Promise<Place | undefined> {
  switch (step) {
    case 'match':
      await poolsStore.lockChannel(tx, run.channel.id);
      await paymentsLeg.match(tx, run);
      return { step: 'recover', position: '0' };
    case 'recover': {
      const page = await resultsStore.toRecover(tx, run.id, position, RECOVERED_AT_ONCE);
      const last = page.at(-1);
      return last === undefined ? { step: 'judge', position: '0' } : { step: 'recover', position: last.number };
    }
    case 'judge':
      await poolsStore.lockChannel(tx, run.channel.id);
      await paymentsLeg.meetRecovered(tx, run);
      await takebacksLeg.judge(tx, run);
      await poolsStore.examine(tx, run);
      return { step: 'report', position: '0' };
    case 'report': {
      const after = await reportDifferences(deps, tx, run, position);
      return after === undefined ? undefined : { step: 'report', position: after };
    }
    default:
      return assertNever(step);
  }
}

/** Outside of any transaction, because it goes through all databases; the position is moved when it has succeeded. */
async function recoverPage({ db, settle }: AdvanceDependencies, run: RunningRun, { position }: Place): Promise<void> {
  const page = await resultsStore.toRecover(db, run.id, position, RECOVERED_AT_ONCE);
  await recoverCallbacks(settle, run.channel, page);
}

/** The process that was receiving it has said nothing for longer than it may. */
async function abandon(deps: AdvanceDependencies, row: DueRun, channel: ReconciledChannel): Promise<void> {
  const reasons = [{ reason: 'the file broke off before its end' }];
  await quarantine(deps, { run: row.id, channel, date: row.statement_date, fileName: null, reasons });
}

async function releaseIfMine(
  claims: Claims<'orders', DueRun>,
  tx: Tx<'orders'>,
  token: string,
  run: RunId,
  at: Place,
): Promise<void> {
  if ((await claims.stillMine(tx, token, [run])).length > 0) await runsStore.move(tx, run, at, 0);
}

async function reportStuck({ db, incidents }: AdvanceDependencies, row: DueRun, error: string): Promise<void> {
  const facts = { run: `rcn_${row.id}`, step: row.step, attempts: String(row.attempts), error };
  await inTransaction(db, 'reconciliation.report_stuck', (tx) =>
    incidents.report(tx, [{ kind: 'reconciliation_run_stuck', subject: row.id, facts }]),
  );
}
