import { Unavailable } from '../core/errors';
import { type Database, type Databases, statement } from './transaction';
import type { Waiting } from './waiting-store';

/** So many rows become due at once; a full page is followed by the next. */
export const RELEASED_AT_ONCE = 1_000;

const ASK = statement('waiting.ask', 'select 1');

/**
 * Makes due what has waited for a database that answers again. Any number of processes may run it; it costs one look into an
 * empty index while nothing waits.
 * @returns how many rows; a full page means that there may be more
 */
export async function releaseWaiting(deps: {
  readonly waiting: readonly Waiting[];
  readonly databases: Databases;
}): Promise<number> {
  let most = 0;
  for (const work of deps.waiting) {
    for (const name of await work.awaited()) {
      if (await answers(deps.databases[name])) most = Math.max(most, await work.release(name, RELEASED_AT_ONCE));
    }
  }
  return most;
}

/** While it is away this costs nothing: the watch knows it. */
async function answers(db: Database): Promise<boolean> {
  try {
    await db.query(ASK);
    return true;
  } catch (error) {
    if (error instanceof Unavailable) return false;
    throw error;
  }
}
