import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { StepObserver } from '../core/gather';

const SIZES = [1, 2, 5, 10, 20, 50, 100, 150, 200];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** Every durable step takes a list: how long the lists are, how long a run takes, and how much waits for the next. */
export function createStepMetrics(registry: Registry): StepObserver {
  const registers = [registry];
  const labelNames = ['step'] as const;
  const sizes = new Histogram({
    name: 'quittance_step_list_size',
    help: 'Items that one run of a gathered step took, in items',
    labelNames,
    buckets: SIZES,
    registers,
  });
  const seconds = new Histogram({
    name: 'quittance_step_run_seconds',
    help: 'Time that one run of a gathered step took, for its whole list',
    labelNames,
    buckets: SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'quittance_step_failed_runs_total',
    help: 'Runs of a gathered step that failed; their items are split or tried again',
    labelNames,
    registers,
  });
  const loads = new Map<string, () => number>();
  new Gauge({
    name: 'quittance_step_load',
    help: 'Items that wait for a gathered step or are in flight in it, in items',
    labelNames,
    registers,
    collect() {
      for (const [step, load] of loads) this.set({ step }, load());
    },
  });
  return (step, load) => {
    loads.set(step, load);
    // The labels are looked up once per step and not once per run.
    const size = sizes.labels({ step });
    const second = seconds.labels({ step });
    const failure = failures.labels({ step });
    return (items, tookMs, failed) => {
      size.observe(items);
      second.observe(tookMs / 1_000);
      if (failed) failure.inc();
    };
  };
}
