import { type PgPool, createPostgresBackend as bullmqPostgres, runMigrations, withBackend } from 'bullmq';
import { Pool } from 'pg';
import { withinGoodbye } from './goodbye';
import {
  EVENTS,
  type ErrorListener,
  JOB_OPTIONS,
  type JobData,
  type QueueBackend,
  openQueue,
  openWorker,
} from './queue-backend';

const { Queue, Worker } = withBackend(bullmqPostgres);

/** The schema that BullMQ keeps its tables in, beside ours. */
const SCHEMA = 'bullmq';

/**
 * All queues and workers of the process share one small pool: each worker keeps one connection of it to listen, and what
 * they do with the others is short. Keep-alive lets a listener whose connection was cut silently find out.
 */
const CONNECTIONS = 6;

/** BullMQ's worker waits so long after an error before it asks for the next job. */
const RETRY_MS = 1_000;

/** @param url of the orders database, whose jobs speak of its rows */
export function createPostgresBackend(url: string, onError: ErrorListener): QueueBackend {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    options: `-c search_path=${SCHEMA}`,
    application_name: 'quittance-queue',
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
    // A host that vanished cannot send the server's time-out: the pool drops a connection that has answered nothing by then.
    query_timeout: 12_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  pool.on('error', onError);
  // The pool listens to idle connections only. One that breaks in BullMQ's hands between two statements of a transaction would
  // be an error that nobody expected, and end the process.
  pool.on('connect', (client) => client.on('error', onError));
  const migrated = createMigrated(pool);
  // BullMQ describes a pool in its own words, which the overloads of pg's types do not match; it is made for this very pool.
  const connection = pool as unknown as PgPool;
  return {
    openQueue: async (name, signal) => {
      await migrated();
      const options = { connection, defaultJobOptions: JOB_OPTIONS, streams: EVENTS };
      return openQueue(new Queue<JobData>(name, options), onError, signal);
    },
    openWorker: async (name, concurrency, handle, signal) => {
      await migrated();
      const options = { connection, concurrency, autorun: false, runRetryDelay: RETRY_MS };
      return openWorker(new Worker<JobData>(name, (job) => handle(job.data.ids), options), onError, signal);
    },
    close: () => withinGoodbye(pool.end()),
  };
}

/** BullMQ's own migrations, once per process, one caller at a time; it locks out other processes by itself. */
function createMigrated(pool: Pool): () => Promise<void> {
  let running: Promise<void> | undefined;
  const migrate = async (): Promise<void> => {
    const client = await pool.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      client.release();
    }
  };
  return () => {
    running ??= migrate().catch((error: unknown) => {
      running = undefined;
      throw error;
    });
    return running;
  };
}
