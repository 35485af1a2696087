import type { Knex } from 'knex';

/**
 * The transaction by which a receipt was decided. It leads to the entries and the voucher when the transaction itself has been
 * cleaned. No row is read or written: it takes a moment, and receipts that were decided before get it when theirs is cleaned.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw('alter table orders.receipts add column gid uuid');
}
