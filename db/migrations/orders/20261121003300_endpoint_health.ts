import type { Knex } from 'knex';

/** What an endpoint wants to hear of, since when every attempt to it has failed, and when it was disabled. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.notification_endpoints
      add column event_types text[] check (cardinality(event_types) > 0),
      add column failing_since timestamptz,
      add column failed_attempts integer not null default 0,
      add column last_error text,
      add column last_failure_at timestamptz,
      add column disabled_at timestamptz,
      add constraint notification_endpoints_failing check ((failing_since is null) = (failed_attempts = 0));
  `);
}
