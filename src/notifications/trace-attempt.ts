import { type Attributes, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { showId } from '../core/ids';
import { type Traceparent, traceFields } from '../core/traceparent';
import { startSpan, traceparentOf } from '../core/tracing';
import type { Attempt } from './begin-attempts';
import type { Sent } from './send-webhook';

export interface AttemptLog {
  readonly tracer: Tracer;
  readonly logger: Pick<Logger, 'debug' | 'info'>;
}

/**
 * One attempt as a span below the trace of what is announced, and a line that says what came of it. The span is what the
 * merchant's server may continue, by the `traceparent` that `send` puts into its request.
 */
export async function traceAttempt(
  { tracer, logger }: AttemptLog,
  attempt: Attempt,
  send: (traceparent: Traceparent) => Promise<Sent>,
): Promise<Sent> {
  const span = startSpan(tracer, 'POST', attempt.notification.traceparent, { kind: SpanKind.CLIENT });
  const traceparent = traceparentOf(span);
  const answered = await send(traceparent);
  if (span.isRecording()) describe(span, attempt, answered);
  span.end();
  const facts = {
    notification: showId('notification', attempt.notification.id),
    order: showId('order', attempt.notification.orderId),
    endpoint: showId('endpoint', attempt.notification.endpointId),
    attempt: attempt.notification.attempts,
    http_status: answered.httpStatus,
    duration_ms: answered.durationMs,
    ...traceFields(traceparent),
  };
  if (answered.result.kind === 'told') logger.debug({ event: 'notification.delivered', ...facts }, 'merchant told');
  else logger.info({ event: 'notification.attempt_failed', ...facts, reason: answered.error }, 'merchant not told');
  return answered;
}

/** As the semantic conventions for HTTP clients say, but without the address's path and query, which may hold a secret. */
function describe(span: Span, { notification, endpoint }: Attempt, { httpStatus, result }: Sent): void {
  const attributes: Attributes = {
    'http.request.method': 'POST',
    'http.request.resend_count': notification.attempts - 1,
    'quittance.notification': showId('notification', notification.id),
    ...serverOf(endpoint.url),
    ...(httpStatus === null ? {} : { 'http.response.status_code': httpStatus }),
  };
  span.setAttributes(attributes);
  if (result.kind === 'told') return;
  span.setAttribute('error.type', httpStatus === null ? 'no_answer' : String(httpStatus));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function serverOf(url: string): Attributes {
  if (!URL.canParse(url)) return {};
  const { hostname, port, protocol } = new URL(url);
  return { 'server.address': hostname, 'server.port': Number(port) || (protocol === 'https:' ? 443 : 80) };
}
