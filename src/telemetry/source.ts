import type { Clock } from '../core/clock';

export type SourceClock = Clock;

/** Something outside of the process that gauges are read from. */
export interface Source {
  /** Reads it again unless that was done a moment ago; resolves in bounded time and never rejects. */
  refresh(): Promise<void>;
}

/** However many ask, the database is looked at once in so long. */
const FRESH_MS = 5_000;
/** How long a scrape waits for one source. Prometheus gives up after ten seconds and would have nothing at all. */
const LIMIT_MS = 2_000;

/**
 * @param read brings the gauges up to date
 * @param lost takes away what they say, because an old number looks like a present one
 */
export function createSource(
  clock: Clock,
  read: () => Promise<void>,
  lost: () => void,
  limits: { readonly freshMs?: number; readonly limitMs?: number } = {},
): Source {
  let reading: Promise<void> | undefined;
  let readAt: number | undefined;

  const attempt = async (): Promise<void> => {
    try {
      await read();
    } catch {
      lost();
    } finally {
      readAt = clock.elapsed();
      reading = undefined;
    }
  };

  return {
    refresh: async () => {
      if (readAt !== undefined && reading === undefined && clock.elapsed() - readAt < (limits.freshMs ?? FRESH_MS))
        return;
      // One that hangs is not asked a second time: its answer, or its failure, is the next one's too.
      reading ??= attempt();
      let timer: NodeJS.Timeout | undefined;
      const tooLong = new Promise<'too long'>((resolve) => {
        timer = setTimeout(resolve, limits.limitMs ?? LIMIT_MS, 'too long');
      });
      if ((await Promise.race([reading, tooLong])) === 'too long') lost();
      clearTimeout(timer);
    },
  };
}
