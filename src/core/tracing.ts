import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
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
  const context = spanContextOf(parent);
  if (context === undefined) return tracer.startSpan(name, options, ROOT_CONTEXT);
  return tracer.startSpan(name, options, trace.setSpanContext(ROOT_CONTEXT, context));
}

function spanContextOf(traceparent: string | null | undefined): SpanContext | undefined {
  const parts = readTraceparent(traceparent ?? undefined);
  if (parts === undefined) return undefined;
  const { traceId, spanId, sampled } = parts;
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE, isRemote: true };
}

/** What goes into a row or a header, so that whoever reads it continues from this span. */
export function traceparentOf(span: Span): Traceparent {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 });
}

/** Ends a span; with an error it has failed, and the error's kind is what failures are counted by. */
export function endSpan(span: Span, error?: unknown): void {
  if (error !== undefined && span.isRecording()) {
    span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
    // Without the message, which may repeat a value that was sent to us.
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

/** One span around work for one trace. */
export async function inSpan<R>(
  tracer: Tracer,
  name: string,
  parent: string | null | undefined,
  options: SpanOptions,
  work: (span: Span) => Promise<R>,
): Promise<R> {
  const span = startSpan(tracer, name, parent, options);
  try {
    const result = await work(span);
    span.end();
    return result;
  } catch (error) {
    endSpan(span, error);
    throw error;
  }
}

/**
 * One span around a step that takes a list. The trace of a single item goes on in it; a longer list is a trace of its own
 * that links to the traces of its items, because a span has one parent only.
 */
export async function inListSpan<Item, R>(
  tracer: Tracer,
  name: string,
  items: readonly Item[],
  traceparentOfItem: (item: Item) => string | null | undefined,
  options: SpanOptions,
  work: () => Promise<R>,
): Promise<R> {
  const [first] = items;
  const parent = items.length === 1 && first !== undefined ? traceparentOfItem(first) : undefined;
  return inSpan(tracer, name, parent, options, (span) => {
    if (span.isRecording()) {
      span.setAttribute('quittance.list.size', items.length);
      if (items.length > 1) span.addLinks(links(items.map(traceparentOfItem)));
    }
    return work();
  });
}

function links(traceparents: readonly (string | null | undefined)[]): { context: SpanContext }[] {
  return [...new Set(traceparents)].flatMap((one) => {
    const context = spanContextOf(one);
    return context === undefined ? [] : [{ context }];
  });
}

/** The traceparent of a new trace, for work that nobody outside has asked for. */
export function newTrace(tracer: Tracer, name: string): Traceparent {
  const span = startSpan(tracer, name, undefined);
  span.end();
  return traceparentOf(span);
}
