import { type Attributes, SpanKind, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Jitter } from '../src/core/backoff';
import { inSpan } from '../src/core/tracing';
import { type KeptOpen, keepOpen } from './keep-open';
import { createPostgresBackend } from './postgres-backend';
import { CONCERNS, type Concern, IDS_PER_JOB, type JobHandler, type OpenQueue, type QueueDepth } from './queue-backend';
import { createRedisBackend } from './redis-backend';

export interface Queues {
  /**
   * Adds jobs that carry these ids, 200 to a job. Never throws. A queue that is just being opened for the first time is waited
   * for, at most 2 s: what becomes due as a process starts would otherwise wait for the sweep.
   * @returns false where the queue is down: what was added, if anything, is then unknown, and adding again is harmless
   */
  add(concern: Concern, ids: readonly string[]): Promise<boolean>;
  /** Sees to it that this concern has a job at the times of a cron pattern (UTC). False where the queue is down. */
  schedule(concern: Concern, pattern: string): Promise<boolean>;
  /** Takes jobs of this concern until it is closed. A handler that throws loses nothing: the sweep finds its rows. */
  work(concern: Concern, concurrency: number, handle: JobHandler): { close(): Promise<void> };
  /** How many jobs of this concern were taken here so far. */
  taken(concern: Concern): number;
  /** True where all queues have been reached; one that goes away later shows only by what `add` answers. */
  areOpen(): boolean;
  /** How many jobs each queue holds; undefined for one that cannot be asked. Never throws. */
  depths(): Promise<Readonly<Record<Concern, QueueDepth | undefined>>>;
  close(): Promise<void>;
}

export interface QueuesOptions {
  /** With it the jobs are kept in Redis, without it in PostgreSQL. */
  readonly redisUrl: string | undefined;
  /** The URL of the orders database. */
  readonly postgresUrl: string;
  readonly logger: Pick<Logger, 'warn' | 'info' | 'debug'>;
  readonly jitter: Jitter;
  readonly tracer: Tracer;
  /** What the queues' names begin with: `quittance` makes `quittance-outbox`. */
  readonly prefix?: string;
}

export function createQueues(options: QueuesOptions): Queues {
  const { logger } = options;
  // A backend that is down says so several times a second; the log says it once, in `keepOpen` and with the hints.
  const onError = (error: Error): void => {
    logger.debug({ event: 'queue.error', err: error }, 'the queue reports an error');
  };
  const backend =
    options.redisUrl === undefined
      ? createPostgresBackend(options.postgresUrl, onError)
      : createRedisBackend(options.redisUrl, onError);
  const nameOf = (concern: Concern): string => `${options.prefix ?? 'quittance'}-${concern}`;
  const open = (concern: Concern): KeptOpen<OpenQueue> =>
    keepOpen(nameOf(concern), (signal) => backend.openQueue(nameOf(concern), signal), options);
  const producers: Record<Concern, KeptOpen<OpenQueue>> = {
    outbox: open('outbox'),
    notifications: open('notifications'),
    reconciliation: open('reconciliation'),
  };
  const depthOf = (concern: Concern): Promise<QueueDepth | undefined> =>
    (producers[concern].current()?.depth() ?? Promise.resolve(undefined)).catch(() => undefined);
  const workers = new Set<{ close(): Promise<void> }>();
  const taken: Record<Concern, number> = { outbox: 0, notifications: 0, reconciliation: 0 };
  let closing: Promise<void> | undefined;
  const closeAll = async (): Promise<void> => {
    await Promise.all([...workers].map((worker) => worker.close()));
    await Promise.all(CONCERNS.map((concern) => producers[concern].close()));
    await backend.close();
  };

  return {
    add: async (concern, ids) => {
      const queue = producers[concern].current() ?? (await producers[concern].afterFirst());
      if (queue === undefined) return false;
      try {
        await queue.add(inLists(ids));
        return true;
      } catch (error) {
        logger.debug({ event: 'queue.not_added', err: error, queue: nameOf(concern) }, 'jobs could not be added');
        return false;
      }
    },
    schedule: async (concern, pattern) => {
      try {
        await producers[concern].current()?.schedule(pattern);
        return producers[concern].current() !== undefined;
      } catch (error) {
        logger.debug(
          { event: 'queue.not_scheduled', err: error, queue: nameOf(concern) },
          'the schedule could not be set',
        );
        return false;
      }
    },
    work: (concern, concurrency, handle) => {
      const guarded = guard(handle, nameOf(concern), options, () => (taken[concern] += 1));
      const kept = keepOpen(
        nameOf(concern),
        (signal) => backend.openWorker(nameOf(concern), concurrency, guarded.handle, signal),
        options,
      );
      const worker = {
        close: async () => {
          await guarded.finish();
          await kept.close();
        },
      };
      workers.add(worker);
      return worker;
    },
    taken: (concern) => taken[concern],
    areOpen: () => CONCERNS.every((concern) => producers[concern].current() !== undefined),
    depths: () => depthsOf(depthOf),
    close: () => (closing ??= closeAll()),
  };
}

function inLists(ids: readonly string[]): (readonly string[])[] {
  const lists: (readonly string[])[] = [];
  for (let start = 0; start < ids.length; start += IDS_PER_JOB) lists.push(ids.slice(start, start + IDS_PER_JOB));
  return lists;
}

/** As OpenTelemetry's semantic conventions for messaging say. The rows have the traces; a job only carries their ids. */
function attributesOf(queue: string, ids: readonly string[]): Attributes {
  return {
    'messaging.system': 'bullmq',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': queue,
    'messaging.batch.message_count': ids.length,
  };
}

type GuardTools = Pick<QueuesOptions, 'tracer'> & { readonly logger: Pick<Logger, 'warn'> };

interface GuardedHandler {
  readonly handle: JobHandler;
  /** From now on jobs are let go unread; resolves when those that run are done, whatever becomes of the connection. */
  finish(): Promise<void>;
}

function guard(handle: JobHandler, queue: string, { logger, tracer }: GuardTools, onTaken: () => void): GuardedHandler {
  const running = new Set<Promise<void>>();
  let finished = false;
  const attempt = async (ids: readonly string[]): Promise<void> => {
    onTaken();
    try {
      const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(queue, ids) };
      await inSpan(tracer, `process ${queue}`, undefined, options, () => handle(ids));
    } catch (error) {
      const facts = { event: 'queue.job_failed', err: error, queue, ids: ids.length };
      logger.warn(facts, 'a job failed; the sweep brings its rows back');
    }
  };
  return {
    handle: async (ids) => {
      if (finished) return;
      const one = attempt(ids);
      running.add(one);
      await one;
      running.delete(one);
    },
    finish: async () => {
      finished = true;
      await Promise.all(running);
    },
  };
}

async function depthsOf(
  depthOf: (concern: Concern) => Promise<QueueDepth | undefined>,
): Promise<Readonly<Record<Concern, QueueDepth | undefined>>> {
  const [outbox, notifications, reconciliation] = await Promise.all([
    depthOf('outbox'),
    depthOf('notifications'),
    depthOf('reconciliation'),
  ]);
  return { outbox, notifications, reconciliation };
}
