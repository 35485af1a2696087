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
