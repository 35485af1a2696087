import type { Knex } from 'knex';

/**
 * The body of a callback is kept once for all of its events, whichever of them are new: each names its callback. What a person
 * must look at is kept for ever and stands apart from the rest by the first column of the key, so that what has served its
 * time lies side by side, oldest first, and needs no index of its own.
 *
 * Nothing here reads or writes a row that is there; it takes a moment.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.callback_bodies (
      for_a_person boolean not null,
      id uuid not null,
      body bytea not null,
      stored_at timestamptz not null default clock_timestamp(),
      constraint callback_bodies_pkey primary key (for_a_person, id)
    );
    alter table orders.inbox_events add column callback_id uuid;
  `);
}
