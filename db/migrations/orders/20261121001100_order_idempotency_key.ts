import type { Knex } from 'knex';

/**
 * The key under which the order was asked for. A process that dies between the order's commit and keeping the answer leaves
 * an order whose merchant heard nothing: the retry under the same key finds its own order here instead of a duplicate.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table orders.orders add column idempotency_key text');
}
