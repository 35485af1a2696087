import { Gauge, type Registry } from 'prom-client';
import { type Databases, SCHEMAS, type SchemaName } from '../consistency/transaction';
import type { Clock } from '../core/clock';
import { usageOf } from './pool-usage';
import { type Source, createSource } from './source';
import { workStore } from './work-store';

export interface GaugeReaders {
  readonly databases: Databases;
  /** How many jobs each queue holds, by state; undefined for a queue that cannot be asked. */
  readonly queues: () => Promise<Readonly<Record<string, Readonly<Record<string, number>> | undefined>>>;
  /** The kinds of incidents that there are: one that is not open is shown as 0. */
  readonly incidentKinds: readonly string[];
}

export interface GaugeOptions {
  readonly clock: Clock;
  readonly read: GaugeReaders;
}

/**
 * What is asked at a scrape: the databases, the queues, the pools. Each source is asked by itself, seldom, and for a bounded
 * time, so that a scrape while one of them is down still says everything else, and that it is down.
 */
export function createGauges(registry: Registry, options: GaugeOptions): Source {
  const sources = [
    ...SCHEMAS.map(databaseSource(registry, options)),
    workSource(registry, options),
    ...holdSources(registry, options),
    incidentSource(registry, options),
    queueSource(registry, options),
  ];
  poolGauge(registry, options.read.databases);
  return {
    refresh: async () => {
      await Promise.all(sources.map((source) => source.refresh()));
    },
  };
}

function databaseSource(registry: Registry, { clock, read }: GaugeOptions): (schema: SchemaName) => Source {
  const registers = [registry];
  const up = new Gauge({
    name: 'quittance_database_up',
    help: '1 where the database answered the last look, else 0',
    labelNames: ['database'],
    registers,
  });
  const skew = new Gauge({
    name: 'quittance_database_clock_skew_seconds',
    help: "The database's clock minus the process's, in seconds",
    labelNames: ['database'],
    registers,
  });
  return (database) =>
    createSource(
      clock,
      async () => {
        const [asked, before] = [clock.elapsed(), clock.now().getTime()];
        const now = await workStore.now(read.databases[database]);
        const middle = before + (clock.elapsed() - asked) / 2;
        up.set({ database }, 1);
        skew.set({ database }, now - middle / 1_000);
      },
      () => {
        up.set({ database }, 0);
        skew.remove({ database });
      },
    );
}

function workSource(registry: Registry, { clock, read }: GaugeOptions): Source {
  const registers = [registry];
  const gauge = (name: string, help: string): Gauge<'work'> =>
    new Gauge({ name, help, labelNames: ['work'], registers });
  const open = gauge('quittance_work_open', 'Rows that are not done, at most 10000 of each kind, in rows');
  const due = gauge('quittance_work_due', 'Rows of them whose next try is due, in rows');
  const oldest = gauge(
    'quittance_work_oldest_seconds',
    'Age of the oldest row that is not done; 0 where there is none',
  );
  const overdue = gauge(
    'quittance_work_overdue_seconds',
    'Time since the longest overdue row was due; 0 where none is',
  );
  const stuck = gauge(
    'quittance_work_stuck',
    'Rows of them that do not get on: tried many times, or not done after ten minutes, in rows',
  );
  const attempts = gauge('quittance_work_most_attempts', 'The most attempts at one row that is not done');
  const unsettled = new Gauge({
    name: 'quittance_oldest_unsettled_receipt_seconds',
    help: 'Age of the oldest verified receipt that is not settled; 0 where there is none',
    registers,
  });
  const all = [open, due, oldest, overdue, stuck, attempts];
  return createSource(
    clock,
    async () => {
      const rows = await workStore.openWork(read.databases.orders);
      const age = await workStore.oldestUnsettled(read.databases.orders);
      for (const row of rows) {
        const { work } = row;
        open.set({ work }, row.open);
        due.set({ work }, row.due);
        oldest.set({ work }, row.oldest ?? 0);
        overdue.set({ work }, row.overdue ?? 0);
        stuck.set({ work }, row.stuck);
        attempts.set({ work }, row.attempts ?? 0);
      }
      unsettled.set(age ?? 0);
    },
    () => {
      for (const one of all) one.reset();
      // A gauge without labels would come back from `reset` as 0, which says that all is well.
      unsettled.set(NaN);
    },
  );
}

/** A hold is open while its payment is under way: one that is old belongs to a payment that does not end, or to none. */
function holdSources(registry: Registry, { clock, read }: GaugeOptions): readonly Source[] {
  const oldest = new Gauge({
    name: 'quittance_oldest_open_hold_seconds',
    help: 'Age of the oldest hold of a participant that has not ended; 0 where there is none',
    labelNames: ['database'],
    registers: [registry],
  });
  return (['accounts', 'points'] as const).map((database) =>
    createSource(
      clock,
      async () => {
        const age =
          database === 'accounts'
            ? await workStore.oldestHold(read.databases.accounts)
            : await workStore.oldestHold(read.databases.points);
        oldest.set({ database }, age ?? 0);
      },
      () => {
        oldest.remove({ database });
      },
    ),
  );
}

function incidentSource(registry: Registry, { clock, read }: GaugeOptions): Source {
  const incidents = new Gauge({
    name: 'quittance_incidents_open',
    help: 'Incidents that nobody has resolved, by kind, at most 10000 in all, in incidents',
    labelNames: ['kind'],
    registers: [registry],
  });
  return createSource(
    clock,
    async () => {
      const rows = await workStore.openIncidents(read.databases.orders);
      const open = new Map(rows.map((row) => [row.kind, row.open]));
      for (const kind of new Set([...read.incidentKinds, ...open.keys()])) incidents.set({ kind }, open.get(kind) ?? 0);
    },
    () => {
      incidents.reset();
    },
  );
}

function queueSource(registry: Registry, { clock, read }: GaugeOptions): Source {
  const registers = [registry];
  const jobs = new Gauge({
    name: 'quittance_queue_jobs',
    help: 'Jobs in a queue by state; a job carries up to 200 rows',
    labelNames: ['queue', 'state'],
    registers,
  });
  const up = new Gauge({
    name: 'quittance_queue_up',
    help: '1 where the queue answered the last look, else 0; without it the sweeps do its work',
    labelNames: ['queue'],
    registers,
  });
  return createSource(
    clock,
    async () => {
      jobs.reset();
      for (const [queue, depths] of Object.entries(await read.queues())) {
        up.set({ queue }, depths === undefined ? 0 : 1);
        for (const [state, count] of Object.entries(depths ?? {})) jobs.set({ queue, state }, count);
      }
    },
    () => {
      jobs.reset();
      up.reset();
    },
  );
}

function poolGauge(registry: Registry, databases: Databases): void {
  const registers = [registry];
  new Gauge({
    name: 'quittance_pool_connections',
    help: 'Connections of a pool that are used, free or being made, and callers that wait for one',
    labelNames: ['database', 'state'],
    registers,
    collect() {
      for (const database of SCHEMAS) {
        const { used, free, pending, waiting } = usageOf(databases[database]);
        for (const [state, count] of Object.entries({ used, free, pending, waiting })) {
          this.set({ database, state }, count);
        }
      }
    },
  });
  new Gauge({
    name: 'quittance_pool_size',
    help: 'The most connections that a pool may have',
    labelNames: ['database'],
    registers,
    collect() {
      for (const database of SCHEMAS) this.set({ database }, usageOf(databases[database]).size);
    },
  });
}
