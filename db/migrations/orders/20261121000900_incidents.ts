import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.incidents (
      id uuid primary key,
      kind text not null,
      subject text not null,
      order_id uuid,
      receipt_id uuid,
      gid uuid,
      facts jsonb not null default '{}',
      status text not null default 'open' check (status in ('open', 'resolved')),
      times_seen integer not null default 1,
      opened_at timestamptz not null default clock_timestamp(),
      last_seen_at timestamptz not null default clock_timestamp(),
      resolved_at timestamptz,
      resolution text,
      constraint incidents_subject_key unique (kind, subject)
    );
    create index incidents_open on orders.incidents (id) where status = 'open';
  `);
}
