import type { Clock } from '../src/core/clock';
import type { Queues } from './queues';
import type { Sweep } from './sweep';

/** The day's work of the reconciliation, which is idempotent: a job that runs twice or not at all is harmless. */
export type DailyReconciliation = () => Promise<void>;

const LOOK_EVERY_MS = 30_000;
const HOUR_MS = 3_600_000;

/** Takes the scheduled jobs; one process has one at a time. */
export function reconcileDaily(queues: Queues, daily: DailyReconciliation): { close(): Promise<void> } {
  return queues.work('reconciliation', 1, daily);
}

/**
 * Keeps the schedule in the queue, which may lose it: every process looks twice a minute whether it is still there. Where the
 * queue has been away for an hour the work is done here, once an hour.
 * @param cron when, as five fields in UTC
 */
export function reconciliationSchedule(
  queues: Pick<Queues, 'schedule'>,
  cron: string,
  daily: DailyReconciliation,
  clock: Clock,
): Sweep {
  let reachedAt = clock.elapsed();
  return {
    name: 'reconciliation schedule',
    everyMs: LOOK_EVERY_MS,
    run: async () => {
      const isScheduled = await queues.schedule('reconciliation', cron);
      if (isScheduled || clock.elapsed() - reachedAt > HOUR_MS) {
        reachedAt = clock.elapsed();
        if (!isScheduled) await daily();
      }
      return 0;
    },
  };
}
