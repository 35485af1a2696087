import { performance } from 'node:perf_hooks';

/**
 * The process's own time. It stamps logs and signatures and bounds waits; what decides about money (deadlines, leases,
 * expiry, schedules) is computed by the orders database's clock, because the clocks of two processes differ.
 */
export interface Clock {
  now(): Date;
  /** Milliseconds that only go forward, for measuring how long something took. */
  elapsed(): number;
}

export const systemClock: Clock = { now: () => new Date(), elapsed: () => performance.now() };

/** A clock that stands still at an instant, RFC 3339: ids that it makes are of that time. */
export function clockAt(instant: string): Clock {
  const now = new Date(instant);
  return { now: () => now, elapsed: () => 0 };
}
