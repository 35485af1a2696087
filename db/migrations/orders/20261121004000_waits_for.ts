import type { Knex } from 'knex';

/**
 * Work whose database is away waits for it by name, and is not tried again until it is back: \`waits_for\`. The indexes hold
 * only such rows, in the order of their age, so a payment that meets no outage writes nothing to them.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.global_transactions add column waits_for text;
    create index global_transactions_waiting on orders.global_transactions (waits_for, gid) where waits_for is not null;
    alter table orders.outbox add column waits_for text;
    create index outbox_waiting on orders.outbox (waits_for, id) where waits_for is not null;
  `);
}
