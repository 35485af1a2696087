import type { Logger } from 'pino';
import { systemClock } from '../core/clock';
import { showId } from '../core/ids';
import { createLogLimiter } from '../core/log-limiter';
import { traceFields } from '../core/traceparent';
import type { Incidents, NewIncident } from './incident';

/** So many lines of each kind: an incident that is reported again and again is one row that counts. */
const LINES_PER_MINUTE = 30;

/** Says in the log, too, what a person must look at. The line comes before the commit, and the row decides. */
export function loggingIncidents(incidents: Incidents, logger: Pick<Logger, 'warn'>): Incidents {
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: LINES_PER_MINUTE,
    onSuppressed: (kind, suppressed) => {
      logger.warn({ event: 'incident.reports_suppressed', kind, suppressed }, 'more incidents than are logged');
    },
  });
  return {
    report: (tx, reported) => {
      for (const one of reported) if (limiter.allows(one.kind)) logger.warn(fieldsOf(one), 'an incident is reported');
      return incidents.report(tx, reported);
    },
  };
}

/** Without the facts, in which a customer or a bank's text may stand. */
function fieldsOf({ kind, subject, orderId, receiptId, gid, traceparent }: NewIncident): object {
  const shown = (name: 'order' | 'receipt' | 'transaction', id: string | null | undefined): object =>
    id === null || id === undefined ? {} : { [name]: showId(name, id) };
  return {
    event: 'incident.reported',
    kind,
    subject,
    ...shown('order', orderId),
    ...shown('receipt', receiptId),
    ...shown('transaction', gid),
    ...traceFields(traceparent),
  };
}
