import type { Knex } from 'knex';
import { lockTables } from '../../lock-tables';
import { RANGE, attachBefore, renameWithIndexes } from '../../partitions';

/**
 * The third step: bodies that a person must look at are a partition of their own, which is kept for ever; all others go by month,
 * so that a month whose bodies have served their time is dropped as a whole. Of those that are there the few for a person are
 * moved, and the others become the partition of the past, which is read once for that: about a second per five million.
 */
export async function up(knex: Knex): Promise<void> {
  await lockTables(knex, ['orders.callback_bodies']);
  await renameWithIndexes(knex, 'orders', 'callback_bodies', 'callback_bodies_timed_before');
  await knex.raw(`
    create table orders.callback_bodies (like orders.callback_bodies_timed_before including all)
      partition by list (for_a_person);
    alter table orders.callback_bodies drop constraint if exists ${RANGE('callback_bodies')};
    create table orders.callback_bodies_for_a_person partition of orders.callback_bodies for values in (true);
    create table orders.callback_bodies_timed partition of orders.callback_bodies for values in (false)
      partition by range (id);
    with moved as (delete from orders.callback_bodies_timed_before where for_a_person returning *)
      insert into orders.callback_bodies_for_a_person select * from moved;
  `);
  await attachBefore(knex, {
    ...{ schema: 'orders', table: 'callback_bodies_timed', before: 'callback_bodies_timed_before' },
    bound: RANGE('callback_bodies'),
  });
}
