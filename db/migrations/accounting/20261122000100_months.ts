import type { Knex } from 'knex';
import { boundRows, createMonths } from '../../partitions';

/** The first of three steps to one partition of `postings` per month. It takes a moment. */
export async function up(knex: Knex): Promise<void> {
  await createMonths(knex, 'accounting');
  await boundRows(knex, { schema: 'accounting', table: 'postings', key: 'voucher_id' });
}
