import type { Knex } from 'knex';

/**
 * `final_xact` is the transaction that gave the order its final state: the position of its event in the merchant's events.
 * A reader is given only events of transactions below the oldest one that is still running, so that one which began
 * earlier and commits later can never land behind its cursor.
 *
 * The orders of before get the number of this migration, without the table being written again. An order's claim and its
 * release change nothing that is indexed, so a payment pays for one index entry more.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.orders add column final_xact xid8 default pg_current_xact_id();
    alter table orders.orders alter column final_xact drop default;
    alter table orders.orders
      add constraint orders_final_xact check (status = 'open' or final_xact is not null);
    create index orders_events on orders.orders (merchant_id, status, final_xact, id) where status <> 'open';
  `);
}
