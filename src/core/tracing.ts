import { ROOT_CONTEXT, type Span, type SpanOptions, TraceFlags, type Tracer, trace } from '@opentelemetry/api';
import { type Traceparent, formatTraceparent, readTraceparent } from './traceparent';

/**
 * Traces are handed on explicitly, as a text beside the item that they belong to, and not in a context that follows the
 * calls: a step takes a list whose items belong to different traces, and an item may go on in another process.
 */

/** Begins a span: a child of the one that `parent` names, or the first of a new trace where it names none. */
export function startSpan(
  tracer: Tracer,
  name: string,
  parent: string | null | undefined,
  options: SpanOptions = {},
): Span {
  const parts = readTraceparent(parent ?? undefined);
  if (parts === undefined) return tracer.startSpan(name, { ...options, root: true }, ROOT_CONTEXT);
  const { traceId, spanId, sampled } = parts;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return tracer.startSpan(
    name,
    options,
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true }),
  );
}

/** What goes into a row or a header, so that whoever reads it continues from this span. */
export function traceparentOf(span: Span): Traceparent {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

/** The traceparent of a new trace, for work that nobody outside has asked for. */
export function newTrace(tracer: Tracer, name: string): Traceparent {
  const span = startSpan(tracer, name, undefined);
  span.end();
  return traceparentOf(span);
}
