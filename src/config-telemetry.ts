import { z } from 'zod';
import { SAMPLERS, type Collector, type TelemetryConfig } from './telemetry/telemetry';

/**
 * OpenTelemetry's variables (specification, "OpenTelemetry Environment Variable Specification" and "OTLP Exporter
 * Configuration"), as far as they concern traces. What is not supported is refused and not passed over.
 */
const collectorUrl = z.string().refine(isHttpUrl, 'a URL such as http://collector:4318').optional();
const pairs = (expected: string) => z.string().transform(readPairs).refine(isGiven, expected).optional();
const timeout = z
  .string()
  .regex(/^\d{1,5}$/, 'milliseconds from 1 to 60000')
  .transform(Number)
  .refine((ms) => ms >= 1 && ms <= 60_000, 'milliseconds from 1 to 60000')
  .optional();
const protocol = z.literal('http/protobuf', 'http/protobuf, the one that is supported').optional();
const HEADERS = 'a list such as api-key=value,other=value, percent-encoded';

export const telemetryVariables = {
  OTEL_SDK_DISABLED: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['true', 'false'], 'true or false'))
    .optional(),
  OTEL_SERVICE_NAME: z.string().max(255, 'at most 255 characters').optional(),
  OTEL_RESOURCE_ATTRIBUTES: pairs('a list such as deployment.environment.name=live,host.name=a1, percent-encoded'),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none'], 'otlp or none').optional(),
  OTEL_TRACES_SAMPLER: z.enum(SAMPLERS, `one of ${SAMPLERS.join(', ')}`).default('parentbased_always_on'),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0?\.\d{1,9}|1\.0{1,9}|0\.\d{1,9})$/, 'a share from 0 to 1')
    .transform(Number)
    .default(1),
  OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collectorUrl,
  OTEL_EXPORTER_OTLP_HEADERS: pairs(HEADERS),
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: pairs(HEADERS),
  OTEL_EXPORTER_OTLP_TIMEOUT: timeout,
  OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: timeout,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
} as const;

type Variables = z.output<z.ZodObject<typeof telemetryVariables>>;

export function telemetryConfig(variables: Variables): TelemetryConfig {
  const { 'service.name': attributedName, ...resourceAttributes } = variables.OTEL_RESOURCE_ATTRIBUTES ?? {};
  return {
    serviceName: variables.OTEL_SERVICE_NAME ?? attributedName ?? 'quittance',
    resourceAttributes,
    sampler: variables.OTEL_TRACES_SAMPLER,
    samplerRatio: variables.OTEL_TRACES_SAMPLER_ARG,
    collector: collector(variables),
  };
}

/** What is said of traces comes before what is said of all signals, whose endpoint is a base to add the path to. */
function collector(variables: Variables): Collector | undefined {
  const base = variables.OTEL_EXPORTER_OTLP_ENDPOINT;
  const url =
    variables.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    (base === undefined ? undefined : `${base.replace(/\/$/, '')}/v1/traces`);
  const isOff = variables.OTEL_SDK_DISABLED === 'true' || variables.OTEL_TRACES_EXPORTER === 'none';
  if (url === undefined || isOff) return undefined;
  return {
    url,
    headers: { ...variables.OTEL_EXPORTER_OTLP_HEADERS, ...variables.OTEL_EXPORTER_OTLP_TRACES_HEADERS },
    timeoutMs: variables.OTEL_EXPORTER_OTLP_TRACES_TIMEOUT ?? variables.OTEL_EXPORTER_OTLP_TIMEOUT ?? 10_000,
  };
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && ['http:', 'https:'].includes(new URL(text).protocol);
}

/** `a=1,b=2` with percent-encoded values, as W3C Baggage writes it; undefined where it is not that. */
function readPairs(text: string): Record<string, string> | undefined {
  const read: Record<string, string> = {};
  for (const pair of text.split(',')) {
    const [, name, value] = /^\s*([\w.!#$%&'*+^`|~-]+)\s*=\s*([\x21-\x2b\x2d-\x7e]*)\s*$/.exec(pair) ?? [];
    if (name === undefined || value === undefined) return undefined;
    try {
      read[decodeURIComponent(name)] = decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return read;
}

function isGiven(read: Record<string, string> | undefined): read is Record<string, string> {
  return read !== undefined;
}
