import type { Knex } from 'knex';

/**
 * What operators look for. None of these indexes gets an entry from a payment that goes well: each is over what is an
 * exception, and what is common is found through the keys that are there anyway.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index orders_ended_unpaid on orders.orders (id) where status in ('closed', 'expired');

    create index receipts_of_no_order on orders.receipts (payment_reference)
      where order_id is null and status <> 'waiting';
    create index receipts_in_suspense on orders.receipts (id) where outcome = 'suspense';

    create index inbox_events_without_receipt_payment on orders.inbox_events (lower(payment_reference), id)
      where receipt_id is null and payment_reference is not null;
    create index inbox_events_without_receipt_provider on orders.inbox_events (channel_id, provider_reference, id)
      where receipt_id is null and provider_reference is not null;

    create index global_transactions_cancelled on orders.global_transactions (gid) where status = 'cancelled';

    create index if not exists incidents_order on orders.incidents (order_id) where order_id is not null;
    create index if not exists incidents_receipt on orders.incidents (receipt_id) where receipt_id is not null;
    create index if not exists incidents_gid on orders.incidents (gid) where gid is not null;
  `);
}
