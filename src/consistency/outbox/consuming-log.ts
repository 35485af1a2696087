import type { Logger } from 'pino';
import { systemClock } from '../../core/clock';
import { showId } from '../../core/ids';
import { createLogLimiter } from '../../core/log-limiter';
import { traceFields } from '../../core/traceparent';
import type { Consumed } from './outbox';
import type { OutboxRow } from './outbox-store';

export type OutboxLogger = Pick<Logger, 'debug' | 'warn' | 'isLevelEnabled'>;

/** So many lines of each topic: while the books are down every message fails, and one line says as much as thousands. */
const FAILURES_PER_MINUTE = 30;

/** A line per message that was consumed or failed, each under the trace of the event that it speaks of. */
export function createConsumingLog(logger: OutboxLogger) {
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: FAILURES_PER_MINUTE,
    onSuppressed: (topic, suppressed) => {
      logger.warn({ event: 'outbox.failures_suppressed', topic, suppressed }, 'more messages failed than are logged');
    },
  });
  return (rows: readonly OutboxRow[], answers: readonly Consumed[]): void => {
    const isVerbose = logger.isLevelEnabled('debug');
    for (const [index, row] of rows.entries()) {
      const answer = answers[index];
      if (answer?.kind === 'done') {
        if (isVerbose) logger.debug({ event: 'outbox.consumed', ...fieldsOf(row) }, 'message consumed');
      } else if (limiter.allows(row.topic)) {
        const facts = { event: 'outbox.failed', ...fieldsOf(row), reason: answer?.reason };
        logger.warn(facts, 'a message could not be consumed; it is tried again');
      }
    }
  };
}

function fieldsOf(row: OutboxRow): object {
  return {
    topic: row.topic,
    message: showId('message', row.id),
    event_key: row.event_key,
    attempt: row.attempts,
    ...traceFields(row.traceparent),
  };
}
