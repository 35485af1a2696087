import type { Express } from 'express';
import type { Queues } from '../jobs/queues';
import type { Sweep } from '../jobs/sweep';
import { MONTHS_AHEAD, monthsSweep } from '../jobs/make-months';
import { reconciliationSchedule } from '../jobs/reconcile';
import { createWorkers } from '../jobs/workers';
import { createCheckpointSweep } from './accounting/make-checkpoint';
import { createVoucherConsumer } from './accounting/post-vouchers';
import { createStuckVoucherReport } from './accounting/report-stuck-vouchers';
import { assembleRetention } from './assemble-retention';
import { createMakeMonths } from './consistency/months-store';
import { type OutboxWorker, createOutboxWorker } from './consistency/outbox/consume';
import { OUTBOX_TABLE } from './consistency/outbox/outbox-store';
import { RELEASED_AT_ONCE, releaseWaiting } from './consistency/release-waiting';
import { LOG_TABLE } from './consistency/tcc/log-store';
import { createWaiting } from './consistency/waiting-store';
import type { Clock } from './core/clock';
import { newTrace } from './core/tracing';
import { type Foundation, type WiringOptions, layFoundation } from './foundation';
import { createIdempotencyKeys } from './http/idempotency-keys';
import { type Notifier, createNotifier } from './notifications/deliver';
import { createHttpClient } from './notifications/http-client';
import { createStuckWatch } from './open-work/watch-stuck';
import { createExpireOrders } from './orders/expire-orders';
import { createDailyReconciliation } from './reconciliation/daily';
import type { Metrics } from './telemetry/metrics';
import { wireApp } from './wire-app';
import { observedConsumer } from './wire-operations';

export interface Wired {
  readonly app: Express;
  /** What a process does by itself, by name; a test may run them when it likes. */
  readonly sweeps: readonly Sweep[];
  readonly outbox: OutboxWorker;
  readonly notifier: Notifier;
  /** The day's work of the reconciliation. */
  readonly reconcile: () => Promise<void>;
  readonly metrics: Metrics;
  start(): Promise<void>;
  /** From now on the process says that it is not ready, and goes on answering. */
  sayNotReady(): void;
  /** Takes no more work and resolves when what has begun is done. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

const PAGE = 200;
const HOUR_MS = 3_600_000;
const IDEMPOTENCY_HOURS = 24;
/** An endpoint is disabled for failing only after so many attempts: more than one notification's bad luck. */
const DEAD_ATTEMPTS = 10;

/** Puts the parts together. With what it uses (`foundation`, `wire-*`), the only place that knows all of them. */
export function wire(options: WiringOptions): Wired {
  const foundation = layFoundation(options);
  const {
    config,
    databases,
    ids,
    sealer,
    clock,
    jitter,
    incidents,
    logger,
    queues,
    hints,
    own,
    first,
    settlements,
    tracer,
    metrics,
  } = foundation;
  const outbox = createOutboxWorker({
    db: databases.orders,
    consumers: [observedConsumer(createVoucherConsumer({ db: databases.accounting, sealer, logger }), metrics)],
    ids,
    jitter,
    onStuck: createStuckVoucherReport({ incidents }),
    logger,
    tracer,
  });
  const http = foundation.around.http(createHttpClient({ allowPrivate: config.allowPrivateEndpoints }));
  const notifier = createNotifier({
    ...{ db: databases.orders, sealer, ids, clock, jitter, http, incidents, logger, tracer },
    deadAfter: { ms: config.endpointFailingHours * HOUR_MS, attempts: DEAD_ATTEMPTS },
    observer: metrics.attempts,
  });
  const { reconciliation } = foundation;
  const reconcile = createDailyReconciliation({ reconciliation, folder: config.reconciliationDir, logger });
  const schedule = reconciliationSchedule(queues, config.reconciliationCron, reconcile, clock);
  const sweeps = [...recoveries(foundation), ...monthsSweeps(foundation), ...retentionSweeps(foundation), schedule];
  const workers = createWorkers({
    ...{ queues, hints, own, first, outbox, notifier, reconcile, sweeps, jitter, logger },
    queueEverything: config.operations.queueEverything,
  });
  let draining = false;
  return {
    app: wireApp(foundation, http, () => draining),
    sweeps,
    outbox,
    notifier,
    reconcile,
    metrics,
    start: async () => {
      if (config.operations.role !== 'http') workers.start();
      await opened(queues, clock);
    },
    sayNotReady: () => {
      draining = true;
    },
    drain: async () => {
      // Sweeps begin settlements, settlements give hints: each is waited for before what it feeds.
      await Promise.all([workers.drain(), reconciliation.drain()]);
      await settlements.background.idle();
      await Promise.all([hints.idle(), own.idle()]);
    },
    stop: async () => {
      await queues.close();
      await http.close();
      await foundation.close();
    },
  };
}

/** A queue that is down must not keep the service from starting: past this, sweeps do its work until it is there. */
const QUEUE_OPENS_MS = 5_000;

/** A hint that finds no open queue is lost until the sweep, so the first payment waits for the queues where they come. */
async function opened(queues: Queues, clock: Clock): Promise<void> {
  const deadline = clock.elapsed() + QUEUE_OPENS_MS;
  while (!queues.areOpen() && clock.elapsed() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** What every process looks for by itself, so that nothing depends on the queue or on a bank that calls again. */
function recoveries(foundation: Foundation): readonly Sweep[] {
  const { settlements, databases, notifications, hints, sealer, tracer } = foundation;
  const expireOrders = createExpireOrders({
    db: databases.orders,
    notifications,
    newTrace: () => newTrace(tracer, 'expire order'),
    hint: (due) => {
      hints.notifications(due);
    },
  });
  const idempotencyKeys = createIdempotencyKeys({ db: databases.orders, sealer });
  const waiting = [
    createWaiting(databases.orders, { ...LOG_TABLE, columns: 't.gid' }),
    createWaiting(databases.orders, OUTBOX_TABLE),
  ];
  return [
    { name: 'transactions', everyMs: 1_000, fullPage: PAGE, run: settlements.recoverTransactions },
    { name: 'receipts', everyMs: 1_000, fullPage: PAGE, run: settlements.recoverReceipts },
    {
      name: 'work that waited for a database',
      everyMs: 1_000,
      fullPage: RELEASED_AT_ONCE,
      run: () => releaseWaiting({ databases, waiting }),
    },
    { name: 'expired orders', everyMs: 1_000, fullPage: PAGE, run: () => expireOrders(PAGE) },
    { name: 'reconciliation', everyMs: 5_000, fullPage: 1, run: () => foundation.reconciliation.advance() },
    { name: 'open holds', everyMs: 30_000, run: settlements.sweepHolds },
    {
      name: 'stuck work',
      everyMs: 60_000,
      run: createStuckWatch({ db: databases.orders, incidents: foundation.incidents, logger: foundation.logger }),
    },
    {
      name: 'checkpoints of the books',
      everyMs: 30_000,
      fullPage: 1,
      run: createCheckpointSweep({ db: databases.accounting }),
    },
    {
      name: 'idempotency keys',
      everyMs: HOUR_MS,
      fullPage: 1_000,
      run: () => idempotencyKeys.forget(IDEMPOTENCY_HOURS, 1_000),
    },
  ];
}

/** The partitions of what grows for ever. */
function monthsSweeps({ databases, logger }: Foundation): readonly Sweep[] {
  const bodies = { schema: 'orders', table: 'callback_bodies_timed' } as const;
  const postings = { schema: 'accounting', table: 'postings' } as const;
  return [
    monthsSweep('callback_bodies', createMakeMonths(databases.orders, bodies, MONTHS_AHEAD), logger),
    monthsSweep('postings', createMakeMonths(databases.accounting, postings, MONTHS_AHEAD), logger),
  ];
}

/** Each takes a page at a time, until there is nothing more that is old enough. */
function retentionSweeps({ config, ...foundation }: Foundation): readonly Sweep[] {
  const observer = foundation.metrics.retention;
  const { pages } = assembleRetention({ ...foundation, keeps: config.retention, observer });
  return pages.map(({ kind, run }) => ({
    name: `retention of ${kind}`,
    everyMs: HOUR_MS,
    fullPage: 1,
    run: async () => Number(await run()),
  }));
}
