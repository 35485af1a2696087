import type { Knex } from 'knex';

/**
 * The indexes that operators look by had statuses and outcomes in their conditions, and so every payment's receipt and
 * transaction left their places again with each step, and wrote to every index of their tables. What those indexes hold is an
 * exception: it has a column of its own now, which never changes for the others. Transactions of a receipt are found among
 * those that stand, of which there is an index anyway, and among those that were cancelled.
 *
 * Each of these rows has two versions more within a moment, such as the claimed order and the paid one: half a page is kept
 * for them. A version that stays in its page is logged as what has changed, any other as a whole, with its plan or payload.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.receipts add column in_suspense boolean not null default false;
    update orders.receipts set in_suspense = true where outcome = 'suspense';
    alter table orders.receipts add constraint receipts_suspense_marked
      check (in_suspense = (outcome is not distinct from 'suspense'));
    drop index orders.receipts_in_suspense;
    create index receipts_in_suspense on orders.receipts (id) where in_suspense;
    drop index orders.receipts_of_no_order;
    create index receipts_of_no_order on orders.receipts (payment_reference) where order_id is null;

    drop index orders.global_transactions_cancelled;
    create index global_transactions_cancelled on orders.global_transactions (gid) where cancelled;
    drop index orders.global_transactions_receipt;
    create index global_transactions_cancelled_of_receipt on orders.global_transactions (receipt_id) where cancelled;

    alter table orders.orders set (fillfactor = 50);
    alter table orders.global_transactions set (fillfactor = 50);
    alter table orders.notifications set (fillfactor = 50);
    alter table orders.outbox set (fillfactor = 50);
  `);
}
