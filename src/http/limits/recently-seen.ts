import type { Clock } from '../../core/clock';

/** Remembers a bounded number of keys for a while; the one that was seen longest ago is forgotten first. */
export interface RecentlySeen {
  see(key: string): void;
  has(key: string): boolean;
  forget(key: string): void;
}

export function createRecentlySeen(
  clock: Clock,
  options: { readonly most: number; readonly forMs: number },
): RecentlySeen {
  const seen = new Map<string, number>();
  return {
    see: (key) => {
      const now = clock.elapsed();
      const before = seen.get(key);
      // A busy key is moved to the end once in a while and not at each request.
      if (before !== undefined && now - before < options.forMs / 10) return;
      seen.delete(key);
      seen.set(key, now);
      if (seen.size <= options.most) return;
      const [oldest] = seen.keys();
      if (oldest !== undefined) seen.delete(oldest);
    },
    has: (key) => {
      const at = seen.get(key);
      return at !== undefined && clock.elapsed() - at < options.forMs;
    },
    forget: (key) => {
      seen.delete(key);
    },
  };
}
