import type { Knex } from 'knex';
import { keepRows } from '../../keep-rows';
import { lockTables } from '../../lock-tables';
import { checkListByList } from '../../references';

/**
 * What every payment writes was held to its parents by eleven foreign keys, each asked row by row, with a lock on the parent.
 * Now each list is held to them once, as it is inserted. What is written by an update (the order of a receipt, the receipt of
 * an order) was read and locked in the same transaction; that it leads somewhere is seen by the audit.
 *
 * No row is read or written: it takes a moment.
 */
export async function up(knex: Knex): Promise<void> {
  await lockTables(
    knex,
    [...PARENTS, 'inbox_events', 'global_transactions', 'notification_attempts'].map((table) => `orders.${table}`),
  );
  await checkListByList(knex, 'orders.receipts', [
    { column: 'channel_id', parent: 'channels' },
    { column: 'order_id', parent: 'orders' },
  ]);
  await checkListByList(knex, 'orders.inbox_events', [
    { column: 'channel_id', parent: 'channels' },
    { column: 'receipt_id', parent: 'receipts' },
  ]);
  await checkListByList(knex, 'orders.global_transactions', [
    { column: 'receipt_id', parent: 'receipts' },
    { column: 'order_id', parent: 'orders' },
  ]);
  await checkListByList(knex, 'orders.notifications', [
    { column: 'merchant_id', parent: 'merchants' },
    { column: 'order_id', parent: 'orders' },
    { column: 'endpoint_id', parent: 'notification_endpoints' },
  ]);
  await checkListByList(knex, 'orders.notification_attempts', [{ column: 'notification_id', parent: 'notifications' }]);
  await knex.raw(
    'alter table orders.orders drop constraint orders_claimed_by_fkey, drop constraint orders_paid_by_fkey',
  );
  for (const parent of PARENTS) await keepRows(knex, `orders.${parent}`);
}

const PARENTS = ['merchants', 'channels', 'receipts', 'orders', 'notification_endpoints', 'notifications'];
