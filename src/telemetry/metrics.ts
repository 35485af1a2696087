import { Registry } from 'prom-client';
import { type FlowMetrics, createFlowMetrics } from './flow-metrics';
import { type GaugeReaders, createGauges } from './gauges';
import { createProcessMetrics } from './process-metrics';
import type { SourceClock } from './source';

export interface Metrics extends FlowMetrics {
  /** Every name, type, label and help text, for the test that holds docs/metrics.md against them. */
  readonly registry: Registry;
  /** The text that Prometheus scrapes. Waits for no database longer than the limit of a source. */
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>;
}

/**
 * The metrics of one service. The registry is its own, because a process may hold several services, and nothing outside of
 * this folder knows the library: parts take an observer, a plain function that they call.
 */
export function createMetrics(options: { readonly clock: SourceClock; readonly read: GaugeReaders }): Metrics {
  const registry = new Registry();
  const flow = createFlowMetrics(registry, options.clock);
  createProcessMetrics(registry);
  const gauges = createGauges(registry, options);
  return {
    ...flow,
    registry,
    scrape: async () => {
      await gauges.refresh();
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
