import type { Logger } from 'pino';
import { type Database, inTransaction } from '../consistency/transaction';
import { clip } from '../core/clip';
import { type IdKind, showId } from '../core/ids';
import { stuckFacts } from '../core/stuck';
import { traceFields } from '../core/traceparent';
import type { Incidents, NewIncident } from '../incidents/incident';
import { type FoundStuck, findStuck } from './stuck-store';
import { WORK, type Work } from './work';

/** So many incidents of a kind of work at once: what hinders ten thousand payments hinders these too. */
const MOST_REPORTED = 200;

const ID_KIND: Readonly<Record<Work, IdKind>> = {
  receipts: 'receipt',
  transactions: 'transaction',
  messages: 'message',
  notifications: 'notification',
};

/**
 * Looks for what is stuck, whoever should be working on it: recoveries report what they have failed at, and only this sees
 * what they never get at. One line of the log per kind, for alerts; incidents of what is money. Notifications are told in
 * the log only: an endpoint that fails has incidents of its own.
 * @returns how much is stuck
 */
export function createStuckWatch({
  db,
  incidents,
  logger,
}: {
  readonly db: Database<'orders'>;
  readonly incidents: Incidents;
  readonly logger: Pick<Logger, 'warn'>;
}): () => Promise<number> {
  return async () => {
    let total = 0;
    for (const work of WORK) {
      const rows = await findStuck(db, work, MOST_REPORTED);
      const [oldest] = rows;
      if (oldest === undefined) continue;
      total += oldest.stuck;
      logger.warn(lineOf(work, oldest), 'work is stuck');
      const reports = rows.flatMap((row) => incidentOf(work, row));
      if (reports.length > 0) await inTransaction(db, 'open_work.report_stuck', (tx) => incidents.report(tx, reports));
    }
    return total;
  };
}

function lineOf(work: Work, oldest: FoundStuck): object {
  return {
    event: 'work.stuck',
    work,
    stuck: oldest.stuck,
    most_attempts: oldest.most_attempts,
    oldest: showId(ID_KIND[work], oldest.id),
    oldest_seconds: oldest.age_seconds,
    attempts: oldest.attempts,
    next_try_at: oldest.next_try_at?.toISOString() ?? null,
    reason: oldest.last_error === null ? null : clip(oldest.last_error, 200),
    ...traceFields(oldest.traceparent),
  };
}

function incidentOf(work: Work, row: FoundStuck): readonly NewIncident[] {
  const about = { orderId: row.order_id, receiptId: row.receipt_id, gid: row.gid, traceparent: row.traceparent };
  const facts = stuckFacts(row);
  switch (work) {
    case 'receipts':
      return [{ kind: 'receipt_stuck', subject: row.id, ...about, facts }];
    case 'transactions':
      return [{ kind: 'phase_two_stuck', subject: row.id, ...about, facts: { status: row.status, ...facts } }];
    case 'messages':
      return [
        { kind: 'voucher_stuck', subject: row.subject ?? row.id, ...about, facts: { message: row.id, ...facts } },
      ];
    case 'notifications':
      return [];
  }
}
