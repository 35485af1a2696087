import type { Logger } from 'pino';
import type { Hints } from '../src/consistency/outbox/outbox';
import type { Concern } from './queue-backend';
import type { Queues } from './queues';

export interface QueueHints extends Hints {
  /** How many ids the queue was not told of, because it was down or had no room; the sweep found them. */
  dropped(): number;
  /** Resolves when nothing is being added. */
  idle(): Promise<void>;
}

/** So many ids of a concern may wait for the queue. */
const ROOM = 20_000;

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
    dropped: () => outbox.dropped() + notifications.dropped(),
    idle: async () => {
      await Promise.all([outbox.idle(), notifications.idle()]);
    },
  };
}

interface Hinting {
  readonly hint: (ids: readonly string[]) => void;
  readonly dropped: () => number;
  readonly idle: () => Promise<void>;
}

function createHinting(concern: Concern, queues: Pick<Queues, 'add'>, logger: Pick<Logger, 'warn' | 'info'>): Hinting {
  let waiting: string[] = [];
  let adding: Promise<void> | undefined;
  let dropped = 0;
  let isDropping = false;

  const drop = (ids: number): void => {
    dropped += ids;
    if (!isDropping)
      logger.warn(
        { event: 'queue.hints_dropped', queue: concern },
        'the queue takes no hints; the sweep finds the rows',
      );
    isDropping = true;
  };

  const addAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      if (!(await queues.add(concern, ids))) {
        drop(ids.length);
      } else if (isDropping) {
        logger.info({ event: 'queue.hints_taken', queue: concern, dropped }, 'the queue takes hints again');
        isDropping = false;
      }
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
    dropped: () => dropped,
    idle: () => adding ?? Promise.resolve(),
  };
}
