import { type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import type { Request, RequestHandler } from 'express';
import type { Traceparent } from '../core/traceparent';
import { startSpan, traceparentOf } from '../core/tracing';

interface RequestTrace {
  readonly span: Span;
  readonly traceparent: Traceparent;
}

const traces = new WeakMap<Request, RequestTrace>();

/**
 * Continues the trace of a valid `traceparent` header, or begins one. `tracestate` is not continued: it is what other
 * systems tell each other, and it would have to be kept in rows and shown to merchants.
 */
export function requestTraces(tracer: Tracer): RequestHandler {
  return (req, _res, next) => {
    const span = startSpan(tracer, req.method, req.get('traceparent'), { kind: SpanKind.SERVER });
    traces.set(req, { span, traceparent: traceparentOf(span) });
    next();
  };
}

/** The trace of a request: what it changes carries it on. */
export function traceOf(req: Request): Traceparent {
  return traceOfRequest(req).traceparent;
}

function traceOfRequest(req: Request): RequestTrace {
  const known = traces.get(req);
  if (known === undefined) throw new Error('the request came past the middleware that gives it a trace');
  return known;
}
