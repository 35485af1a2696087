import type { Tracer } from '@opentelemetry/api';

export interface Telemetry {
  readonly tracer: Tracer;
  /** Sends what is still waiting, for two seconds at most. Never fails. */
  stop(): Promise<void>;
}

/** What OpenTelemetry's own environment variables say of traces; the names are those of its specification. */
export interface TelemetryConfig {
  readonly serviceName: string;
  /** Further facts about the process, such as `deployment.environment.name`. */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  readonly sampler: SamplerName;
  /** The share of new traces that a ratio sampler records, from 0 to 1. */
  readonly samplerRatio: number;
  /** Where spans are sent; without it nothing is recorded, and traces live in logs, rows and headers only. */
  readonly collector: Collector | undefined;
}

/** A collector that speaks OTLP over HTTP with protobuf. */
export interface Collector {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Traces that are recorded nowhere, as tests and tools have them. */
export const NO_TELEMETRY: TelemetryConfig = {
  serviceName: 'quittance',
  resourceAttributes: {},
  sampler: 'parentbased_always_on',
  samplerRatio: 1,
  collector: undefined,
};
