import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Request, RequestHandler, Response } from 'express';
import { type Traceparent, traceFields } from '../core/traceparent';
import { startSpan, traceparentOf } from '../core/tracing';
import { requestIdOf } from './request-id';

interface RequestTrace {
  readonly span: Span;
  readonly traceparent: Traceparent;
}

const traces = new WeakMap<Request, RequestTrace>();

/**
 * Continues the trace of a valid `traceparent` header, or begins one. `tracestate` is not continued: it is what other
 * systems tell each other, and it would have to be kept in rows and shown to merchants. No trace goes back with the answer,
 * for which there is no standard header; `X-Request-Id` does, and the log has both.
 */
export function requestTraces(tracer: Tracer): RequestHandler {
  return (req, res, next) => {
    const span = startSpan(tracer, req.method, req.get('traceparent'), { kind: SpanKind.SERVER });
    traces.set(req, { span, traceparent: traceparentOf(span) });
    if (span.isRecording()) {
      res.once('close', () => {
        endServerSpan(span, req, res);
      });
    }
    next();
  };
}

/** The span of a request, for what its route knows of it. */
export function spanOf(req: Request): Span {
  return traceOfRequest(req).span;
}

/** The trace of a request: what it changes carries it on. */
export function traceOf(req: Request): Traceparent {
  return traceOfRequest(req).traceparent;
}

/** What every log line of a request says. */
export function requestFields(req: Request): { readonly request_id: string; readonly trace_id?: string } {
  return { request_id: requestIdOf(req), ...traceFields(traces.get(req)?.traceparent) };
}

function traceOfRequest(req: Request): RequestTrace {
  const found = traces.get(req);
  if (found === undefined) throw new Error('the request came past the middleware that gives it a trace');
  return found;
}

/** Named and described as OpenTelemetry's semantic conventions for HTTP servers say; the path itself may name a customer. */
function endServerSpan(span: Span, req: Request, res: Response): void {
  const route = routeOf(req);
  if (route !== undefined) {
    span.updateName(`${req.method} ${route}`);
    span.setAttribute('http.route', route);
  }
  span.setAttributes({
    'http.request.method': req.method,
    'http.request.header.x-request-id': [requestIdOf(req)],
    'http.response.status_code': res.statusCode,
    'network.protocol.version': req.httpVersion,
  });
  if (!res.writableFinished) span.setAttribute('error.type', 'connection_closed');
  else if (res.statusCode >= 500) span.setAttribute('error.type', String(res.statusCode));
  if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** `/v1/orders/:order_id`: where it is mounted, with the parameters' names in the place of their values. */
function routeOf(req: Request): string | undefined {
  const route: unknown = req.route;
  if (typeof route !== 'object' || route === null || !('path' in route) || typeof route.path !== 'string')
    return undefined;
  const names = new Map(Object.entries(req.params).map(([name, value]) => [String(value), `:${name}`]));
  const mount = req.baseUrl
    .split('/')
    .map((segment) => names.get(segment) ?? segment)
    .join('/');
  return `${mount}${route.path === '/' ? '' : route.path}`;
}
