import type { Knex } from 'knex';
import { partByMonth } from '../../partitions';

/** The third step: what has been posted becomes the partition of the past as it is, and months follow. It takes a moment. */
export const up = (knex: Knex): Promise<void> =>
  partByMonth(knex, { schema: 'accounting', table: 'postings', key: 'voucher_id' });
