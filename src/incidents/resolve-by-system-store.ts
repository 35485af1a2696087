import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { IncidentKind } from './incident';

/** An incident that needs nobody any more, and the sentence that says why. */
export interface SystemResolution {
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly resolution: string;
}

const RESOLVE = statement(
  'orders.incidents.resolve_by_system',
  `with given as (
     select distinct on (kind, subject) * from unnest($1::text[], $2::text[], $3::text[]) as g(kind, subject, resolution)),
   locked as materialized (
     select i.id, g.resolution from orders.incidents i join given g using (kind, subject)
      where i.status = 'open' order by i.kind, i.subject for no key update of i),
   changed as (
     update orders.incidents i
        set status = 'resolved', version = i.version + 1, resolved_at = clock_timestamp(), resolved_by = null,
            resolution = l.resolution
       from locked l where i.id = l.id
     returning i.id, i.version, i.resolution),
   told as (
     insert into orders.incident_events (incident_id, number, kind, note)
     select id, version, 'resolved', resolution from changed)
   select id from changed`,
);
const resolutionColumns = columnsOf<SystemResolution>(
  (one) => one.kind,
  (one) => one.subject,
  (one) => one.resolution,
);

/**
 * Resolves those of these incidents that are open, in the transaction of what has explained them.
 * @returns how many were
 */
export async function resolveBySystem(tx: Tx<'orders'>, resolutions: readonly SystemResolution[]): Promise<number> {
  if (resolutions.length === 0) return 0;
  const rows = await tx.query(RESOLVE, resolutionColumns(resolutions));
  return rows.length;
}
