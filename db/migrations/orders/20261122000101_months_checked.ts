import type { Knex } from 'knex';
import { checkBound } from '../../partitions';

/** The second step reads `callback_bodies`, about a second per million rows, and keeps nobody from writing to it. */
export const up = (knex: Knex): Promise<void> =>
  checkBound(knex, { schema: 'orders', table: 'callback_bodies', key: 'id' });
