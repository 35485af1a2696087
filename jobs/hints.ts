import type { Logger } from 'pino';
import type { Hints } from '../src/consistency/outbox/outbox';
import type { Concern, JobHandler } from './queue-backend';
import type { Queues } from './queues';

export interface QueueHints extends Hints {
  /** How many ids the queue was not told of, because it was down or had no room; the sweep found them. */
  dropped(): number;
  /** Who takes in notifications here, without the queue, as long as it keeps up; undefined gives all of them to the queue. */
  notifyHere(handle: JobHandler | undefined): void;
  /** Resolves when nothing is being added. */
  idle(): Promise<void>;
}

/** So many ids of a concern may wait for the queue. */
const ROOM = 20_000;
/** So many of them are handled here at once; more than that is for all processes. */
const HERE = 1_000;

/**
 * Ids of the same tick, and those that arrive while jobs are being added, go into the next jobs together, so that a busy
 * service adds few jobs with many ids each. Nobody waits for it and it never fails: a hint that is lost makes its row late
 * by one sweep.
 */
export function createHints(queues: Pick<Queues, 'add'>, logger: Pick<Logger, 'warn' | 'info'>): QueueHints {
  const outbox = createHinting('outbox', queues, logger);
  const notifications = createHinting('notifications', queues, logger);
  return {
    outbox: outbox.hint,
    notifications: notifications.hint,
    notifyHere: notifications.handleHere,
    dropped: () => outbox.dropped() + notifications.dropped(),
    idle: async () => {
      await Promise.all([outbox.idle(), notifications.idle()]);
    },
  };
}

interface Hinting {
  readonly hint: (ids: readonly string[]) => void;
  readonly handleHere: (handle: JobHandler | undefined) => void;
  readonly dropped: () => number;
  readonly idle: () => Promise<void>;
}

function createHinting(concern: Concern, queues: Pick<Queues, 'add'>, logger: Pick<Logger, 'warn' | 'info'>): Hinting {
  let waiting: string[] = [];
  let adding: Promise<void> | undefined;
  let dropped = 0;
  let isDropping = false;
  let here: JobHandler | undefined;

  const drop = (ids: number): void => {
    dropped += ids;
    if (!isDropping)
      logger.warn(
        { event: 'queue.hints_dropped', queue: concern },
        'the queue takes no hints; the sweep finds the rows',
      );
    isDropping = true;
  };

  const handleHere = async (handle: JobHandler, ids: readonly string[]): Promise<void> => {
    try {
      await handle(ids);
    } catch (error) {
      const facts = { event: 'queue.hints_not_handled', err: error, queue: concern, ids: ids.length };
      logger.warn(facts, 'what has just become due was not handled; the sweep finds the rows');
    }
  };

  const give = async (ids: readonly string[]): Promise<void> => {
    if (ids.length === 0) return;
    if (!(await queues.add(concern, ids))) {
      drop(ids.length);
    } else if (isDropping) {
      logger.info({ event: 'queue.hints_taken', queue: concern, dropped }, 'the queue takes hints again');
      isDropping = false;
    }
  };

  const addAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      if (here === undefined) await give(ids);
      else await Promise.all([handleHere(here, ids.slice(0, HERE)), give(ids.slice(HERE))]);
    }
    adding = undefined;
  };

  return {
    hint: (ids) => {
      const taken = ids.slice(0, ROOM - waiting.length);
      if (taken.length < ids.length) drop(ids.length - taken.length);
      waiting.push(...taken);
      // The microtask lets hints of the same tick join.
      if (waiting.length > 0) adding ??= Promise.resolve().then(addAll);
    },
    handleHere: (handle) => {
      here = handle;
    },
    dropped: () => dropped,
    idle: () => adding ?? Promise.resolve(),
  };
}
