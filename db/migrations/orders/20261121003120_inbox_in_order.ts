import type { Knex } from 'knex';

/** The newest events of a receipt are read without its thousands of older ones. As many entries per event as before. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    drop index orders.inbox_events_receipt;
    create index inbox_events_receipt on orders.inbox_events (receipt_id, id) where receipt_id is not null;
  `);
}
