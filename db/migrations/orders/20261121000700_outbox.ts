import type { Knex } from 'knex';

/** Reliable messages: written in the transaction that makes them true, consumed until they are done. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.outbox (
      id uuid primary key,
      topic text not null,
      event_key text not null,
      version integer not null,
      payload jsonb not null,
      status text not null default 'due' check (status in ('due', 'done')),
      attempts integer not null default 0,
      next_try_at timestamptz not null default clock_timestamp(),
      enqueued_until timestamptz not null,
      lease_token uuid,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      done_at timestamptz,
      constraint outbox_event_key unique (topic, event_key)
    );
    create index outbox_due on orders.outbox (next_try_at) where status = 'due';
  `);
}
