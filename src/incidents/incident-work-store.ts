import { type Statement, type Tx, statement } from '../consistency/transaction';
import type { IncidentId } from '../core/ids';
import type { IncidentKind } from './incident';
import { INCIDENT_COLUMNS, type IncidentRow } from './incidents-store';

/** What an operator does to one incident. With a version it is done only to the incident as the operator has read it. */
export interface IncidentChange {
  readonly id: IncidentId;
  readonly operator: string;
  readonly version: number | undefined;
}

/**
 * Every change is one statement: it compares what it expects with what is there, changes it, and writes the history. Of two
 * operators at once the second waits for the first one's row, compares again, and finds nothing to change.
 */
function change(parts: {
  readonly name: string;
  readonly set: string;
  readonly where: string;
  readonly event: string;
}): Statement {
  const { name, set, where, event } = parts;
  return statement(
    `orders.incidents.${name}`,
    `with changed as (
       update orders.incidents set version = version + 1 ${set}
        where id = $1::uuid and ($3::int is null or version = $3::int) ${where}
       returning ${INCIDENT_COLUMNS}),
     told as (
       insert into orders.incident_events (incident_id, number, kind, operator, assignee, note)
       select id, version, ${event} from changed)
     select * from changed`,
  );
}

/** Without a version, only what nobody has: taking it from somebody needs the version that shows the one who has it. */
const ASSIGN = change({
  name: 'assign',
  set: ', assignee = $4::text',
  where: `and status = 'open' and ($3::int is not null or assignee is null)`,
  event: `'assigned', $2::text, assignee, null`,
});
const UNASSIGN = change({
  name: 'unassign',
  set: ', assignee = null',
  where: `and status = 'open' and assignee is not null`,
  event: `'unassigned', $2::text, null, $4::text`,
});
const NOTE = change({ name: 'note', set: '', where: '', event: `'noted', $2::text, null, $4::text` });
const RESOLVE = change({
  name: 'resolve',
  set: `, status = 'resolved', resolved_at = clock_timestamp(), resolved_by = $2::text, resolution = $4::text`,
  where: `and status = 'open'`,
  event: `'resolved', $2::text, null, $4::text`,
});
const REOPEN = change({
  name: 'reopen',
  set: `, status = 'open', resolved_at = null, resolved_by = null, resolution = null`,
  where: `and status = 'resolved'`,
  event: `'reopened', $2::text, null, $4::text`,
});
const CHANGES = { assign: ASSIGN, unassign: UNASSIGN, note: NOTE, resolve: RESOLVE, reopen: REOPEN } as const;
export type ChangeName = keyof typeof CHANGES;

/**
 * Rows that somebody else is changing are left out: reports lock incidents in another order, and none of them, which carry
 * payments, shall wait in a ring with this.
 */
const RESOLVE_MANY = statement(
  'orders.incidents.resolve_many',
  `with due as (
     select id from orders.incidents
      where status = 'open' and kind = $1 and last_seen_at < $2::timestamptz
      order by id limit $5 for update skip locked),
   changed as (
     update orders.incidents i
        set version = i.version + 1, status = 'resolved', resolved_at = clock_timestamp(), resolved_by = $3, resolution = $4
       from due where i.id = due.id
     returning i.id, i.version),
   told as (
     insert into orders.incident_events (incident_id, number, kind, operator, note)
     select id, version, 'resolved', $3, $4 from changed)
   select count(*)::int as resolved from changed`,
);

/** The incident as it is after the change; undefined where it was not as the change expects. */
export async function changeIncident(
  tx: Tx<'orders'>,
  name: ChangeName,
  { id, operator, version }: IncidentChange,
  text: string | null,
): Promise<IncidentRow | undefined> {
  return (await tx.query<IncidentRow>(CHANGES[name], [id, operator, version ?? null, text]))[0];
}

/** Resolves what is open of a kind and was last seen before a time, oldest first; returns how many. */
export async function resolveMany(
  tx: Tx<'orders'>,
  many: {
    readonly kind: IncidentKind;
    readonly before: string;
    readonly operator: string;
    readonly note: string;
    readonly limit: number;
  },
): Promise<number> {
  const values = [many.kind, many.before, many.operator, many.note, many.limit];
  const [row] = await tx.query<{ resolved: number }>(RESOLVE_MANY, values);
  return row?.resolved ?? 0;
}
