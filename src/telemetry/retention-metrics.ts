import { Counter, Gauge, type Registry } from 'prom-client';

/** Told by what cleans. */
export interface RetentionMetrics {
  cleaned(kind: string, rows: number): void;
  oldest(kind: string, seconds: number | undefined): void;
}

export function createRetentionMetrics(registry: Registry): RetentionMetrics {
  const registers = [registry];
  const labelNames = ['kind'] as const;
  const cleaned = new Counter({
    name: 'quittance_retention_cleaned_total',
    help: 'Rows that had served their time and were deleted, by kind',
    labelNames,
    registers,
  });
  const oldest = new Gauge({
    name: 'quittance_retention_oldest_seconds',
    help: 'Age of the oldest row of a kind that is kept, as of the last look, once an hour',
    labelNames,
    registers,
  });
  return {
    cleaned: (kind, rows) => {
      cleaned.inc({ kind }, rows);
    },
    oldest: (kind, seconds) => {
      if (seconds === undefined) oldest.remove({ kind });
      else oldest.set({ kind }, seconds);
    },
  };
}
