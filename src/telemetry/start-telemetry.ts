import type { Logger } from 'pino';
import { systemRandom } from '../core/random';
import { createExportingTracer } from './exporting-tracer';
import { createIdTracer } from './id-tracer';
import type { Telemetry, TelemetryConfig } from './telemetry';

/**
 * Traces by configuration. Where no collector is named nothing is recorded, and a new trace says so to whoever is called
 * within it; a caller's own trace is continued as the caller wants it.
 */
export function startTelemetry(config: TelemetryConfig, logger: Pick<Logger, 'warn' | 'info'>): Telemetry {
  if (config.collector !== undefined) return createExportingTracer(config, config.collector, logger);
  return { tracer: createIdTracer(systemRandom), stop: () => Promise.resolve() };
}
