import type { Knex } from 'knex';

/**
 * The W3C `traceparent` under which a row was written: what goes on later, in another process or after a crash, continues
 * the same trace.
 */
export async function up(knex: Knex): Promise<void> {
  for (const table of ['inbox_events', 'receipts', 'outbox', 'notifications', 'incidents']) {
    await knex.raw(`alter table orders.${table} add column traceparent text`);
  }
}
