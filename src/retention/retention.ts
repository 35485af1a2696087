import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock';
import { timeOfId } from '../core/ids';

/**
 * Terminology
 * - kind: rows that are cleaned by one setting, in one database.
 * - old enough: older than the setting by the row's id, and ended longer ago than that by the database's clock.
 * - finished: old enough, and whatever else belongs to it has ended too. Only what is finished is cleaned; anything else is
 *   passed by and looked at again.
 */
export interface Kind {
  readonly name: string;
  /** How long what has ended is kept; 0 is for ever. */
  readonly days: number;
  /** Looks at the next rows that may be old enough, in the order of their keys. */
  look(after: string | undefined, limit: number): Promise<Look>;
  /** Deletes what is still as it was when it was found finished, in one transaction. @returns how many rows */
  clean(keys: readonly string[]): Promise<number>;
  /**
   * Drops a partition in which everything is finished, where the table has partitions. Rows are then looked at only in those
   * that are past as a whole, so that their pages need not be cleaned row by row.
   * @returns how many rows went with it; undefined where there is none to drop
   */
  dropMonth?(): Promise<number | undefined>;
  /** The key of the oldest row there is. */
  oldest(): Promise<string | undefined>;
}

export interface Look {
  /** Where to go on; undefined where there was nothing more. */
  readonly last: string | undefined;
  readonly looked: number;
  readonly finished: readonly string[];
}

/** What one walk over a kind has found. */
export interface Cleaned {
  readonly kind: string;
  /** What was cleaned, or would have been. */
  readonly cleaned: number;
  /** What is as old and was passed by, because something of it has not ended. */
  readonly unfinished: number;
}

export interface RetentionObserver {
  cleaned(kind: string, rows: number): void;
  /** Once a walk is over: the age in seconds of the oldest row that is kept, undefined where there is none. */
  oldest(kind: string, seconds: number | undefined): void;
}

export interface RetentionDependencies {
  readonly kinds: readonly Kind[];
  readonly clock: Clock;
  readonly observer: RetentionObserver;
  readonly logger: Pick<Logger, 'info'>;
}

export interface Retention {
  /** One walk over everything. @param dryRun only counts */
  run(dryRun: boolean): Promise<readonly Cleaned[]>;
  /** What a process does by itself: each run takes one page of its kind and says whether there may be more. */
  readonly pages: readonly { readonly kind: string; readonly run: () => Promise<boolean> }[];
}

/** So many rows are looked at, and at most deleted, in one transaction. */
const PAGE = 1_000;
/** Between two pages, so that payments come first. */
const PAUSE_MS = 100;

export function createRetention(deps: RetentionDependencies): Retention {
  const kinds = deps.kinds.filter((kind) => kind.days > 0);
  return {
    run: async (dryRun) => {
      const walks: Cleaned[] = [];
      for (const kind of kinds) {
        const walk = createWalk(deps, kind, dryRun);
        let cleaned = await walk();
        while (cleaned === undefined) cleaned = await walk();
        walks.push(cleaned);
      }
      return walks;
    },
    pages: kinds.map((kind) => {
      const walk = createWalk(deps, kind, false);
      return { kind: kind.name, run: async () => (await walk()) === undefined };
    }),
  };
}

/**
 * Goes over a kind from the oldest row on, a page per call, and begins again when it is over. What cannot be cleaned is passed
 * by, so that it stands in nobody's way. The place is kept in memory alone: another process, or the next one, begins with
 * what is oldest then.
 * @returns what the walk has found, where it is over
 */
function createWalk(
  { clock, observer, logger }: RetentionDependencies,
  kind: Kind,
  dryRun: boolean,
): () => Promise<Cleaned | undefined> {
  let after: string | undefined;
  let sum = { cleaned: 0, unfinished: 0 };
  return async () => {
    if (after === undefined && !dryRun) {
      for (let rows = await kind.dropMonth?.(); rows !== undefined; rows = await kind.dropMonth?.()) {
        if (rows > 0) observer.cleaned(kind.name, rows);
        sum.cleaned += rows;
      }
    }
    const { last, looked, finished } = await kind.look(after, PAGE);
    const cleaned = dryRun || finished.length === 0 ? finished.length : await kind.clean(finished);
    if (!dryRun && cleaned > 0) observer.cleaned(kind.name, cleaned);
    sum = { cleaned: sum.cleaned + cleaned, unfinished: sum.unfinished + looked - finished.length };
    after = last;
    if (after !== undefined) {
      await pause(PAUSE_MS);
      return undefined;
    }
    const found = { kind: kind.name, ...sum };
    sum = { cleaned: 0, unfinished: 0 };
    if (dryRun) return found;
    const oldest = await kind.oldest();
    observer.oldest(kind.name, oldest === undefined ? undefined : ageOf(oldest, clock));
    if (found.cleaned > 0)
      logger.info({ event: 'retention.cleaned', ...found }, 'what had served its time was deleted');
    return found;
  };
}

function ageOf(id: string, clock: Clock): number {
  return Math.max(0, (clock.now().getTime() - timeOfId(id)) / 1_000);
}
