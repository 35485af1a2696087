import type { Knex } from 'knex';
import { boundRows, createMonths } from '../../partitions';

/** The first of three steps to one partition of `callback_bodies` per month. It takes a moment. */
export async function up(knex: Knex): Promise<void> {
  await createMonths(knex, 'orders');
  await boundRows(knex, { schema: 'orders', table: 'callback_bodies', key: 'id' });
}
