import { RateLimiterMemory, type RateLimiterRes } from 'rate-limiter-flexible';

export interface LimiterOptions {
  /** How many are free in a window; 0 switches the limit off. */
  readonly points: number;
  readonly windowSeconds: number;
  /** How many keys are remembered; the oldest is forgotten first. */
  readonly mostKeys?: number;
}

/** How a key stands within its window. */
export interface Standing {
  readonly used: number;
  readonly remaining: number;
  readonly exceeded: boolean;
  /** Until the window ends. */
  readonly resetSeconds: number;
}

export interface Limiter extends LimiterOptions {
  /** Counts one more and says how the key stands now. */
  take(key: string): Promise<Standing>;
  /** Says how the key stands, counting nothing; undefined where nothing was counted in this window. */
  look(key: string): Promise<Standing | undefined>;
}

const MOST_KEYS = 10_000;

/**
 * Counts in the memory of this process: a limit holds per process, and a restart forgets it. A store that processes share
 * would be asked before each callback, and what must be there for every callback could be lost for none.
 *
 * The library keeps every key until its window ends; here their number is bounded besides, because an attacker has more
 * addresses than we have memory.
 */
export function createLimiter(options: LimiterOptions): Limiter {
  const { points, windowSeconds, mostKeys = MOST_KEYS } = options;
  const store = new RateLimiterMemory({ points, duration: windowSeconds, keyPrefix: '' });
  const keys = new Set<string>();

  const remember = async (key: string): Promise<void> => {
    keys.delete(key);
    keys.add(key);
    if (keys.size <= mostKeys) return;
    const [oldest] = keys;
    if (oldest === undefined) return;
    keys.delete(oldest);
    await store.delete(oldest);
  };
  const standing = ({ consumedPoints, msBeforeNext }: RateLimiterRes): Standing => ({
    used: consumedPoints,
    remaining: Math.max(0, points - consumedPoints),
    exceeded: points > 0 && consumedPoints > points,
    resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1_000)),
  });

  return {
    ...options,
    take: async (key) => {
      // `penalty` counts like `consume` and does not reject, which an attacker would make us do thousands of times a second.
      const counted = await store.penalty(key);
      if (counted.isFirstInDuration) await remember(key);
      return standing(counted);
    },
    look: async (key) => {
      if (!keys.has(key)) return undefined;
      const counted = await store.get(key);
      return counted === null ? undefined : standing(counted);
    },
  };
}
