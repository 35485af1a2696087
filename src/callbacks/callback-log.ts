import { SpanStatusCode, type Span } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { ChannelEvent, RefusalReason } from '../channels/channel';
import type { Clock } from '../core/clock';
import { type LogLimiter, createLogLimiter } from '../core/log-limiter';
import { type Traceparent, traceFields } from '../core/traceparent';
import { traceparentOf } from '../core/tracing';

/** The request that a callback came in. */
export interface CallbackRequest {
  readonly requestId: string;
  readonly span: Span;
  /** The address that it came from, for limits. */
  readonly from: string;
}

/** One callback on its way through, for the log and its span. Each says exactly one of what it can come to. */
export interface CallbackRecord {
  readonly traceparent: Traceparent;
  refused(reason: RefusalReason): void;
  /** What went wrong behind a verified callback; the bank is asked to come again. */
  failed(error: unknown): void;
  answered(answer: 'final' | 'try_again', events: readonly ChannelEvent[]): void;
}

interface CalledChannel {
  readonly name: string;
  readonly adapter: { readonly provider: string };
}

/** So many lines of each kind and channel: whoever can reach us can send refused callbacks as fast as the wire carries them. */
const LINES_PER_MINUTE = 10;

/** A line and the attributes of a span per callback, without a byte of what it carried. */
export function createCallbackLog(logger: Logger, clock: Clock) {
  const limiter = createLogLimiter({
    clock,
    lines: LINES_PER_MINUTE,
    onSuppressed: (name, suppressed) => {
      const [event, channel, reason] = name.split(' ');
      logger.warn({ event: `${event}_suppressed`, channel, reason, suppressed }, 'more callbacks than are logged');
    },
  });
  return (channel: CalledChannel, request: CallbackRequest): CallbackRecord =>
    record(channel, request, logger, clock, limiter);
}

function record(
  { name: channel, adapter: { provider } }: CalledChannel,
  { requestId, span }: CallbackRequest,
  logger: Logger,
  clock: Clock,
  limiter: LogLimiter,
): CallbackRecord {
  const begunAt = clock.elapsed();
  const traceparent = traceparentOf(span);
  const fields = (event: string): object => ({
    event,
    channel,
    provider,
    request_id: requestId,
    ...traceFields(traceparent),
    duration_ms: Math.round(clock.elapsed() - begunAt),
  });
  const mark = (outcome: string, more: Record<string, string | number | string[]> = {}): void => {
    if (!span.isRecording()) return;
    span.setAttributes({ 'quittance.channel': channel, 'quittance.provider': provider });
    span.setAttributes({ 'quittance.callback.outcome': outcome, ...more });
  };
  return {
    traceparent,
    refused: (reason) => {
      mark('refused', { 'quittance.callback.reason': reason });
      if (!limiter.allows(`callback.refused ${channel} ${reason}`)) return;
      logger.warn({ ...fields('callback.refused'), reason }, 'callback refused');
    },
    failed: (error) => {
      mark('failed', { 'error.type': error instanceof Error ? error.name : typeof error });
      span.setStatus({ code: SpanStatusCode.ERROR });
      if (!limiter.allows(`callback.failed ${channel}`)) return;
      logger.error({ ...fields('callback.failed'), err: error }, 'a verified callback could not be settled now');
    },
    answered: (answer, events) => {
      const verdicts = [...new Set(events.map(verdictKind))];
      mark(answer, { 'quittance.callback.verdicts': verdicts, 'quittance.callback.events': events.length });
      if (answer === 'final') {
        if (logger.isLevelEnabled('debug')) {
          logger.debug({ ...fields('callback.accepted'), verdicts, events: events.length }, 'callback accepted');
        }
      } else if (limiter.allows(`callback.deferred ${channel}`)) {
        logger.info({ ...fields('callback.deferred'), verdicts }, 'the bank is asked to call again');
      }
    },
  };
}

function verdictKind(event: ChannelEvent): string {
  return event.verdict.kind;
}
