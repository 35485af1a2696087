import type { Knex } from 'knex';

/** Events have no body of their own any more. It takes a moment; the space is used again as rows are written. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table orders.inbox_events drop column body');
}
