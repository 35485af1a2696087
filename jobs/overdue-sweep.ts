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
/** So many ids are remembered as given to the queue, the latest. */
const REMEMBERED = 20 * PAGE;

/**
 * Gives the queue what it lost, what it never heard of, and what is due again. Where the queue is down, or has been given rows
 * before and this process has not been handed a single job since, they are handled here and now: the queue spreads work over
 * processes, it is not needed to do it.
 */
export function overdueSweep(concern: Concern, queues: Pick<Queues, 'add' | 'taken'>, work: Sweepable): Sweep {
  /** How many jobs had been taken when a row was last given to the queue. */
  const given = new Map<string, number>();
  const give = async (ids: readonly string[]): Promise<boolean> => {
    const taken = queues.taken(concern);
    if (!(await queues.add(concern, ids))) return false;
    for (const id of ids) {
      given.delete(id);
      given.set(id, taken);
    }
    for (const id of given.keys()) {
      if (given.size <= REMEMBERED) break;
      given.delete(id);
    }
    return true;
  };
  return {
    name: `overdue ${concern}`,
    everyMs: EVERY_MS,
    fullPage: PAGE,
    run: async () => {
      const ids = await work.findOverdue(PAGE);
      const isStuck = (id: string): boolean => given.get(id) === queues.taken(concern);
      const stuck = ids.filter(isStuck);
      const others = ids.filter((id) => !isStuck(id));
      const here = others.length > 0 && !(await give(others)) ? ids : stuck;
      if (here.length > 0) await work.handle(here);
      return ids.length;
    },
  };
}
