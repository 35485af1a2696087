/**
 * Terminology
 * - concern: a kind of work that is queued: messages of the outbox, notifications. Each has one queue.
 * - job: a list of ids of rows that are due. It carries nothing else: the rows are in PostgreSQL and so is the truth about
 *   what is still to be done with them, so a job that is lost or runs twice is harmless.
 * - backend: what BullMQ keeps its jobs in, Redis or PostgreSQL. Which one it is, is known to one file each and no other.
 */
import { systemClock } from '../src/core/clock';
import { withinGoodbye } from './goodbye';

export const CONCERNS = ['outbox', 'notifications', 'reconciliation'] as const;
export type Concern = (typeof CONCERNS)[number];

/** The longest list of ids that one job carries. */
export const IDS_PER_JOB = 200;

export interface JobData {
  readonly ids: readonly string[];
}

export type JobHandler = (ids: readonly string[]) => Promise<void>;

/** How many jobs a queue holds, by BullMQ's names of their states. */
export type QueueDepth = Readonly<Record<(typeof COUNTED)[number], number>>;
const COUNTED = ['waiting', 'active', 'delayed'] as const;

/** A queue that can be reached at the moment. */
export interface OpenQueue {
  /** Adds one job per list. Rejects soon where the backend is down; what was added is then unknown. */
  add(lists: readonly (readonly string[])[]): Promise<void>;
  /** Sees to it that a job without ids comes at the times of a cron pattern (UTC). One that is there stays as it is. */
  schedule(pattern: string): Promise<void>;
  depth(): Promise<QueueDepth>;
  close(): Promise<void>;
}

/** A worker that is connected and takes jobs. */
export interface OpenWorker {
  /** Resolves when it stops taking jobs, by `close` or because it died. */
  readonly ended: Promise<void>;
  /** Takes no more jobs and resolves when those that run are done. */
  close(): Promise<void>;
}

export interface QueueBackend {
  /** Rejects where the backend cannot be reached, leaving nothing open; so does an aborted `signal`. */
  openQueue(name: string, signal: AbortSignal): Promise<OpenQueue>;
  openWorker(name: string, concurrency: number, handle: JobHandler, signal: AbortSignal): Promise<OpenWorker>;
  close(): Promise<void>;
}

/** The same job is never tried again and never kept: the sweep is what repeats. */
export const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

/** BullMQ's stream of events, which nobody here reads, is kept this short. */
export const EVENTS = { events: { maxLen: 100 } } as const;

const SCHEDULER = 'scheduled';
/** A schedule whose next job is overdue for longer than this has lost it. */
const MISSED_MS = 10_000;

/** The parts of BullMQ's classes that both backends share. */
interface BullQueue {
  on(event: 'error', listener: (error: Error) => void): unknown;
  add(name: string, data: JobData): Promise<unknown>;
  addBulk(jobs: { name: string; data: JobData }[]): Promise<unknown>;
  getJobScheduler(id: string): Promise<{ pattern?: string; next?: number } | undefined>;
  upsertJobScheduler(
    id: string,
    repeat: { pattern: string; tz: string },
    job: { name: string; data: JobData },
  ): Promise<unknown>;
  getJobCounts(...states: string[]): Promise<Record<string, number>>;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
}
interface BullWorker {
  on(event: 'error', listener: (error: Error) => void): unknown;
  run(): Promise<void>;
  waitUntilReady(): Promise<unknown>;
  close(force?: boolean): Promise<void>;
}
export type ErrorListener = (error: Error) => void;

/** Waits until a new BullMQ queue can be used; closes it where that fails, because it would stay dead for ever. */
export async function openQueue(queue: BullQueue, onError: ErrorListener, signal: AbortSignal): Promise<OpenQueue> {
  queue.on('error', onError);
  await readyOrClosed(queue, signal);
  return {
    add: async (lists) => {
      // One job is added without the two temporary tables that BullMQ makes for a bulk, which cost PostgreSQL more than the job.
      const [only] = lists;
      if (lists.length === 1 && only !== undefined) await queue.add('due', { ids: only });
      else await queue.addBulk(lists.map((ids) => ({ name: 'due', data: { ids } })));
    },
    schedule: async (pattern) => {
      // Setting it again takes away the job that is about to come, so it is only set where it is missing or another.
      const known = await queue.getJobScheduler(SCHEDULER);
      const isAlive = (known?.next ?? 0) > systemClock.now().getTime() - MISSED_MS;
      if (known?.pattern === pattern && isAlive) return;
      await queue.upsertJobScheduler(SCHEDULER, { pattern, tz: 'UTC' }, { name: 'due', data: { ids: [] } });
    },
    depth: async () => {
      const { waiting = 0, active = 0, delayed = 0 } = await queue.getJobCounts(...COUNTED);
      return { waiting, active, delayed };
    },
    close: () => queue.close(),
  };
}

/** The same for a worker, which must have been made with `autorun: false`. */
export async function openWorker(worker: BullWorker, onError: ErrorListener, signal: AbortSignal): Promise<OpenWorker> {
  worker.on('error', onError);
  await readyOrClosed(worker, signal);
  return { ended: worker.run().catch(onError), close: () => worker.close() };
}

async function readyOrClosed(part: BullQueue | BullWorker, signal: AbortSignal): Promise<void> {
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      reject(new Error('closed while connecting'));
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });
  try {
    await Promise.race([part.waitUntilReady(), aborted]);
  } catch (error) {
    // Awaited, because what it takes from the pool afterwards would keep the pool from ending.
    await withinGoodbye(part.close(true));
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
