import type { Logger } from 'pino';
import { systemClock } from '../core/clock';
import { type Gid, showId } from '../core/ids';
import { createLogLimiter } from '../core/log-limiter';
import { type Traceparent, traceFields } from '../core/traceparent';

/**
 * Work that may go on after the answer: a settlement past the answer's budget, the second phase. A failure is only logged,
 * because recovery does it again; what is kept here is what is going on, so that a stopping process can wait for it.
 */
export interface Background {
  run(
    what: string,
    work: Promise<unknown>,
    about: { readonly gid: Gid; readonly traceparent: Traceparent | null },
  ): void;
  /** The same for work whose failure is reported by whoever else waits for it. */
  keep(work: Promise<unknown>): void;
  idle(): Promise<void>;
  readonly size: () => number;
}

/** So many lines of each kind of work: an outage fails every payment, and one line says as much as thousands. */
const FAILURES_PER_MINUTE = 30;

function done(): void {
  // Nothing is to be done.
}

export function createBackground(logger: Logger): Background {
  const going = new Set<Promise<void>>();
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: FAILURES_PER_MINUTE,
    onSuppressed: (what, suppressed) => {
      logger.warn(
        { event: 'payment.failures_suppressed', what, suppressed },
        'more was left to recovery than is logged',
      );
    },
  });
  const forget = async (guarded: Promise<void>): Promise<void> => {
    await guarded;
    going.delete(guarded);
  };
  const keep = (guarded: Promise<void>): void => {
    going.add(guarded);
    void forget(guarded);
  };
  return {
    run: (what, work, { gid, traceparent }) => {
      const failed = (error: unknown): void => {
        if (!limiter.allows(what)) return;
        const ids = { transaction: showId('transaction', gid), ...traceFields(traceparent) };
        logger.warn({ event: 'payment.left_to_recovery', err: error, what, ...ids }, 'left to recovery');
      };
      keep(work.then(done, failed));
    },
    keep: (work) => {
      keep(work.then(done, done));
    },
    idle: async () => {
      while (going.size > 0) await Promise.all(going);
    },
    size: () => going.size,
  };
}
