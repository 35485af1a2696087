import type { Concern, JobHandler } from './queue-backend';
import type { Queues } from './queues';
import type { Sweep } from './sweep';

/** A concern whose rows the queue may have lost. */
export interface Sweepable {
  /** Rows that are due and that no queue is known to hold, marked so that nobody else finds them for a while. */
  findOverdue(limit: number): Promise<readonly string[]>;
  handle: JobHandler;
}

const PAGE = 1_000;
const EVERY_MS = 1_000;

/**
 * Gives the queue what it lost, what it never heard of, and what is due again. Where the queue is down the rows are
 * handled here and now: the queue spreads work over processes, it is not needed to do it.
 */
export function overdueSweep(concern: Concern, queues: Pick<Queues, 'add'>, work: Sweepable): Sweep {
  return {
    name: `overdue ${concern}`,
    everyMs: EVERY_MS,
    fullPage: PAGE,
    run: async () => {
      const ids = await work.findOverdue(PAGE);
      if (ids.length > 0 && !(await queues.add(concern, ids))) await work.handle(ids);
      return ids.length;
    },
  };
}
