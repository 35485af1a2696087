import { type Context, type Span, type SpanOptions, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import type { RandomBytes } from '../core/random';

/** So many random bytes are asked for at once: asking costs more than the bytes. */
const POOL_BYTES = 4_096;

/**
 * A tracer that records nothing and still gives every span its ids, so that logs, rows and notifications carry the trace
 * where nothing is exported. The SDK's own tracers do a hundred times as much per span.
 * @param isSampled what the flag of a new trace says to those who are called within it
 */
export function createIdTracer(random: RandomBytes, isSampled: () => boolean): Tracer {
  let pool: Buffer = Buffer.alloc(0);
  let used = 0;
  const hex = (bytes: number): string => {
    if (used + bytes > pool.length) {
      pool = random(POOL_BYTES);
      used = 0;
    }
    used += bytes;
    const id = pool.toString('hex', used - bytes, used);
    return /^0+$/.test(id) ? hex(bytes) : id;
  };
  const startSpan = (_name: string, _options?: SpanOptions, context?: Context): Span => {
    const parent = context === undefined ? undefined : trace.getSpanContext(context);
    return trace.wrapSpanContext({
      traceId: parent?.traceId ?? hex(16),
      spanId: hex(8),
      traceFlags: parent?.traceFlags ?? (isSampled() ? TraceFlags.SAMPLED : TraceFlags.NONE),
    });
  };
  return { startSpan, startActiveSpan: refuseActive };
}

/** Nothing here follows the calls by itself: whoever begins a span hands it on. */
function refuseActive(): never {
  throw new Error('spans are handed on explicitly; use startSpan');
}
