import type { Knex } from 'knex';

/**
 * PostgreSQL updates a row in place of its page, without touching any index, where the page has room and no column changes
 * that an index holds or whose condition an index names (heap-only tuples). The statuses that every payment goes through are
 * therefore no condition of an index: what is due has a `next_try_at`, what has ended has none, and what was cancelled is
 * marked as such. That an order is paid by one receipt only is kept by \`global_transactions_one_pays_order\`.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.receipts alter column next_try_at drop not null;
    drop index orders.receipts_due;
    create index receipts_due on orders.receipts (next_try_at) where next_try_at is not null;
    drop index orders.receipts_pay_an_order_once;
    update orders.receipts set next_try_at = null where status <> 'waiting';

    alter table orders.global_transactions add column cancelled boolean not null default false;
    update orders.global_transactions set cancelled = true where status = 'cancelled';
    alter table orders.global_transactions alter column next_try_at drop not null;
    drop index orders.global_transactions_one_per_receipt;
    create unique index global_transactions_one_per_receipt on orders.global_transactions (receipt_id) where not cancelled;
    drop index orders.global_transactions_one_pays_order;
    create unique index global_transactions_one_pays_order on orders.global_transactions (order_id)
      where pays_order and not cancelled;
    alter table orders.global_transactions add constraint global_transactions_cancelled
      check (cancelled = (status = 'cancelled'));
    drop index orders.global_transactions_due;
    create index global_transactions_due on orders.global_transactions (next_try_at) where next_try_at is not null;
    update orders.global_transactions set next_try_at = null where status in ('confirmed', 'cancelled');
  `);
  for (const [table, percent] of Object.entries(FILLED)) {
    await knex.raw(`alter table orders.${table} set (fillfactor = ${percent})`);
  }
}

/** How much of a new page is filled: the rest is for the versions that its rows will have. */
const FILLED = {
  orders: 70,
  receipts: 50,
  global_transactions: 70,
  outbox: 70,
  notifications: 70,
  notification_attempts: 50,
};
