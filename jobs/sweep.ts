import { setMaxListeners } from 'node:events';
import type { Logger } from 'pino';
import type { Jitter } from '../src/core/backoff';
import { pause } from './keep-open';

/** Work that a process does again and again by itself. It is in no queue, because a queue that is lost loses its timers. */
export interface Sweep {
  readonly name: string;
  readonly everyMs: number;
  /** A run that found so many is followed by the next at once, because there is probably more. */
  readonly fullPage?: number;
  /** @returns how many it found */
  run(): Promise<number>;
}

export interface Sweeps {
  start(): void;
  /** Begins no more runs and resolves when those that are going on have ended. */
  stop(): Promise<void>;
}

/** Runs of one sweep never overlap in a process; those of several processes claim different rows. */
export function createSweeps(
  sweeps: readonly Sweep[],
  tools: { readonly jitter: Jitter; readonly logger: Pick<Logger, 'warn' | 'info'> },
): Sweeps {
  const stopping = new AbortController();
  // Every sweep waits for it while it pauses.
  setMaxListeners(sweeps.length + 1, stopping.signal);
  let running: readonly Promise<void>[] = [];
  return {
    start: () => {
      running = sweeps.map((sweep) => keepSweeping(sweep, tools, stopping.signal));
    },
    stop: async () => {
      stopping.abort();
      await Promise.all(running);
    },
  };
}

async function keepSweeping(
  sweep: Sweep,
  tools: { readonly jitter: Jitter; readonly logger: Pick<Logger, 'warn' | 'info'> },
  stopping: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!stopping.aborted) {
    try {
      await runWhileFull(sweep, stopping);
      if (failures > 0) tools.logger.info({ event: 'sweep.works', sweep: sweep.name, failures }, 'a sweep works again');
      failures = 0;
    } catch (error) {
      if (failures === 0)
        tools.logger.warn(
          { event: 'sweep.failed', err: error, sweep: sweep.name },
          'a sweep failed; it goes on trying',
        );
      failures += 1;
    }
    // From 80 % to 120 %, so that processes that were started together do not sweep together.
    await pause(sweep.everyMs * (0.8 + 0.4 * tools.jitter()), stopping);
  }
}

async function runWhileFull(sweep: Sweep, stopping: AbortSignal): Promise<void> {
  const page = sweep.fullPage ?? Infinity;
  while (!stopping.aborted && (await sweep.run()) >= page);
}
