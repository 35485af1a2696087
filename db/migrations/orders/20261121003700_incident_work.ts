import type { Knex } from 'knex';
import { appendOnly } from '../../append-only';

/**
 * Incidents are worked on: somebody takes one, notes what was found, resolves it, opens it again. The version counts what
 * happened to an incident, and each entry of its history carries the version that it led to, so that a history has no gap.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.incidents
      add column version integer not null default 1,
      add column assignee text,
      add column resolved_by text,
      add column last_report text not null default 'opened'
        check (last_report in ('opened', 'same', 'seen_again', 'reopened'));

    create index incidents_open_by_kind on orders.incidents (kind, id) where status = 'open';
    create index incidents_open_unassigned on orders.incidents (id) where status = 'open' and assignee is null;
    create index incidents_by_assignee on orders.incidents (assignee, id) where assignee is not null;
    create index incidents_by_order on orders.incidents (order_id, id) where order_id is not null;
    create index incidents_by_receipt on orders.incidents (receipt_id, id) where receipt_id is not null;

    create table orders.incident_events (
      incident_id uuid not null,
      number integer not null check (number > 0),
      kind text not null
        check (kind in ('opened', 'seen_again', 'assigned', 'unassigned', 'noted', 'resolved', 'reopened')),
      at timestamptz not null default clock_timestamp(),
      operator text,
      assignee text,
      note text,
      facts jsonb,
      primary key (incident_id, number)
    );

    insert into orders.incident_events (incident_id, number, kind, at, facts)
      select id, 1, 'opened', opened_at, facts from orders.incidents;
    insert into orders.incident_events (incident_id, number, kind, at, note)
      select id, 2, 'resolved', coalesce(resolved_at, last_seen_at), resolution
        from orders.incidents where status = 'resolved';
    update orders.incidents set version = 2 where status = 'resolved';
  `);
  await appendOnly(knex, 'orders.incident_events');
}
