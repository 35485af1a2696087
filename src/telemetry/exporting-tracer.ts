import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';
import { assertNever } from '../core/errors';
import type { Collector, Telemetry, TelemetryConfig } from './telemetry';

/** So many ended spans may wait for the collector, some megabytes; what comes beyond them is dropped. */
const MOST_WAITING = 8_192;
const SPANS_PER_REQUEST = 1_024;
const SEND_EVERY_MS = 1_000;
const GOODBYE_MS = 2_000;
/** What one span may carry: the links of the longest list of a step, and no text that somebody outside made long. */
const LIMITS = { linkCountLimit: 200, attributeCountLimit: 64, attributeValueLengthLimit: 512, eventCountLimit: 8 };

/**
 * Spans recorded by OpenTelemetry's SDK and sent to a collector in the background. A collector that is slow or down costs
 * spans and nothing else: nobody waits for it, and what waits for it is bounded. Nothing is registered globally, because
 * traces are handed on explicitly.
 */
export function createExportingTracer(
  config: TelemetryConfig,
  collector: Collector,
  logger: Pick<Logger, 'warn' | 'info'>,
): Telemetry {
  const exporter = new OTLPTraceExporter({
    url: collector.url,
    headers: { ...collector.headers },
    timeoutMillis: collector.timeoutMs,
  });
  const processor = new BatchSpanProcessor({
    exporter: reporting(exporter, logger),
    maxQueueSize: MOST_WAITING,
    maxExportBatchSize: SPANS_PER_REQUEST,
    scheduledDelayMillis: SEND_EVERY_MS,
    exportTimeoutMillis: collector.timeoutMs,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({ ...config.resourceAttributes, 'service.name': config.serviceName }),
    ),
    sampler: samplerOf(config),
    spanLimits: LIMITS,
    spanProcessors: [processor],
  });
  return { tracer: provider.getTracer('quittance'), stop: () => within(GOODBYE_MS, provider.shutdown()) };
}

function samplerOf({ sampler, samplerRatio }: TelemetryConfig): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler();
    case 'always_off':
      return new AlwaysOffSampler();
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio);
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) });
    default:
      return assertNever(sampler);
  }
}

/** Says once that the collector takes no spans, and once that it does again, with how many were lost. */
function reporting(exporter: SpanExporter, logger: Pick<Logger, 'warn' | 'info'>): SpanExporter {
  let lost = 0;
  return {
    export: (spans, done) => {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) {
          if (lost === 0) {
            logger.warn({ event: 'traces.export_failed', err: result.error }, 'the collector takes no spans');
          }
          lost += spans.length;
        } else if (lost > 0) {
          logger.info({ event: 'traces.export_works', lost }, 'the collector takes spans again');
          lost = 0;
        }
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), enough]);
  clearTimeout(timer);
}
