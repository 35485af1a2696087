import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { EndpointId } from '../core/ids';

/** What a list of attempts says of one endpoint: how many failed, or 0 where one of them worked. */
export interface EndpointReport {
  readonly id: EndpointId;
  readonly failures: number;
  readonly error: string | null;
}

export interface FailingEndpoint {
  readonly id: EndpointId;
  readonly url: string;
  readonly failingSince: Date;
  readonly failedAttempts: number;
  readonly lastError: string | null;
}

/** When an endpoint counts as dead: every attempt has failed for so long, and there were so many. */
export interface DeadAfter {
  readonly ms: number;
  readonly attempts: number;
}

/**
 * Rows are locked by their ids, as every process does. An endpoint whose attempts work is not among the reports unless it
 * was failing, so that its row is not written.
 */
const REPORT = statement(
  'orders.notification_endpoints.report_health',
  `with r as (
     select * from unnest($1::uuid[], $2::int[], $3::text[]) as r(id, failures, error)
   ), locked as (
     select e.id from orders.notification_endpoints e join r on r.id = e.id order by e.id for no key update of e
   )
   update orders.notification_endpoints e
      set failing_since = case when r.failures > 0 then coalesce(e.failing_since, clock_timestamp()) end,
          failed_attempts = case when r.failures > 0 then e.failed_attempts + r.failures else 0 end,
          last_error = case when r.failures > 0 then r.error else e.last_error end,
          last_failure_at = case when r.failures > 0 then clock_timestamp() else e.last_failure_at end
     from r join locked on locked.id = r.id
    where e.id = r.id
   returning e.id, e.url, e.failing_since as "failingSince", e.failed_attempts as "failedAttempts",
             e.last_error as "lastError",
             e.status = 'active' and e.failed_attempts >= $4
               and e.failing_since <= clock_timestamp() - $5::float8 * interval '1 millisecond' as dead`,
);
const reportColumns = columnsOf<EndpointReport>(
  (report) => report.id,
  (report) => report.failures,
  (report) => report.error,
);

/** Writes the reports. @returns the active endpoints that count as dead now */
export async function reportHealth(
  tx: Tx<'orders'>,
  reports: readonly EndpointReport[],
  deadAfter: DeadAfter,
): Promise<readonly FailingEndpoint[]> {
  if (reports.length === 0) return [];
  const rows = await tx.query<FailingEndpoint & { dead: boolean }>(REPORT, [
    ...reportColumns(reports),
    deadAfter.attempts,
    deadAfter.ms,
  ]);
  return rows.filter((row) => row.dead);
}
