/** A source of randomness in [0, 1), injected so that a test owns it. */
export type Jitter = () => number;

export const systemJitter: Jitter = () => Math.random();

/**
 * Capped exponential backoff with equal jitter: half of the delay is sure, half is random, so that what failed together
 * does not come back together.
 * @param attempt how many attempts have been made (1 after the first)
 * @returns milliseconds until the next
 */
export function backoffMs(attempt: number, jitter: Jitter, firstMs = 500, capMs = 30_000): number {
  const full = Math.min(capMs, firstMs * 2 ** Math.min(Math.max(attempt - 1, 0), 30));
  return Math.round(full / 2 + (full / 2) * jitter());
}
