import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';
import type { Ids, IncidentId } from '../core/ids';
import type { IncidentKind, Incidents, NewIncident } from './incident';

export interface IncidentRow {
  readonly id: IncidentId;
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly order_id: string | null;
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly facts: Readonly<Record<string, string | null>>;
  readonly status: IncidentStatus;
  readonly times_seen: number;
  readonly opened_at: Date;
  readonly last_seen_at: Date;
  readonly assignee: string | null;
  readonly resolved_at: Date | null;
  readonly resolved_by: string | null;
  readonly resolution: string | null;
  /** Counts what has happened to it: the number of entries of its history. */
  readonly version: number;
}

export type IncidentStatus = 'open' | 'resolved';

export const INCIDENT_COLUMNS = `id, kind, subject, order_id, receipt_id, gid, facts, status, times_seen, opened_at,
  last_seen_at, assignee, resolved_at, resolved_by, resolution, version`;

/** An incident with how often a list reports it. */
interface SeenIncident {
  readonly incident: NewIncident;
  readonly times: number;
}

/** Facts that change with every attempt. */
const NO_NEWS = `'{attempts,next_try_at,age_seconds}'::text[]`;

/** So many times may the facts of an incident change and leave a trace in its history: what never stands still would fill the disk. */
const MOST_CHANGES = 1_000;

/**
 * A known incident is counted up. One that was resolved stays so when the same facts are reported again, which a repeated
 * message does; new facts are something that nobody has looked at yet, and open it again. What the report meant stands in
 * `last_report`, by which the same statement writes the history. While an incident is open, one more attempt, its next time
 * and a greater age are no news.
 */
const REPORT = statement(
  'orders.incidents.report',
  `with reported as (
     insert into orders.incidents as i (id, kind, subject, order_id, receipt_id, gid, facts, times_seen, traceparent)
     select n.id, n.kind, n.subject, n.order_id, n.receipt_id, n.gid, n.facts, n.times_seen, n.traceparent
       from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::jsonb[], $8::int[],
                   $9::text[])
         as n(id, kind, subject, order_id, receipt_id, gid, facts, times_seen, traceparent)
      order by n.kind, n.subject
     on conflict (kind, subject) do update
        set times_seen = i.times_seen + excluded.times_seen, last_seen_at = clock_timestamp(), facts = excluded.facts,
            traceparent = coalesce(excluded.traceparent, i.traceparent),
            status = case when i.facts = excluded.facts then i.status else 'open' end,
            resolved_at = case when i.facts = excluded.facts then i.resolved_at end,
            resolved_by = case when i.facts = excluded.facts then i.resolved_by end,
            resolution = case when i.facts = excluded.facts then i.resolution end,
            version = i.version + case when ${isNews('i', 'excluded')} then 1 else 0 end,
            last_report = case when not ${isNews('i', 'excluded')} then 'same'
                               when i.status = 'resolved' then 'reopened' else 'seen_again' end
     returning i.id, i.version, i.last_report, i.facts)
   insert into orders.incident_events (incident_id, number, kind, facts)
   select id, version, last_report, facts from reported where last_report <> 'same'`,
);
const incidentColumns = columnsOf<SeenIncident>(
  ({ incident }) => incident.kind,
  ({ incident }) => storable(incident.subject),
  ({ incident }) => incident.orderId ?? null,
  ({ incident }) => incident.receiptId ?? null,
  ({ incident }) => incident.gid ?? null,
  ({ incident }) => JSON.stringify(storableFacts(incident.facts)),
  ({ times }) => times,
  ({ incident }) => incident.traceparent ?? null,
);

function isNews(known: string, reported: string): string {
  return `(${known}.facts <> ${reported}.facts and (${known}.status = 'resolved'
    or (${known}.facts - ${NO_NEWS} <> ${reported}.facts - ${NO_NEWS} and ${known}.version < ${MOST_CHANGES})))`;
}

export function createIncidents(deps: { readonly ids: Ids }): Incidents {
  return {
    report: async (tx: Tx<'orders'>, incidents: readonly NewIncident[]) => {
      if (incidents.length === 0) return;
      const seen = countSame(incidents);
      await tx.query(REPORT, [seen.map(() => deps.ids.next<'incident'>()), ...incidentColumns(seen)]);
    },
  };
}

/** One statement cannot meet the same row twice: a list counts each of its incidents, and the last one's facts stand. */
function countSame(incidents: readonly NewIncident[]): SeenIncident[] {
  const seen = new Map<string, SeenIncident>();
  for (const incident of incidents) {
    const name = `${incident.kind} ${incident.subject}`;
    seen.set(name, { incident, times: (seen.get(name)?.times ?? 0) + 1 });
  }
  return [...seen.values()];
}

/**
 * Facts come from callbacks too, and reporting them must not fail the transaction that they are reported in: what
 * PostgreSQL cannot keep in a text (NUL, half of a surrogate pair) is replaced.
 */
function storable(text: string): string {
  return text.replace(/[\u0000\p{Surrogate}]/gu, '\uFFFD');
}

function storableFacts(facts: NewIncident['facts']): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [storable(name), fact === null ? null : storable(fact)]),
  );
}
