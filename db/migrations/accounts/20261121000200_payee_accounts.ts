import type { Knex } from 'knex';

/** A merchant names its payees by a reference of its own (the account's name): one account per reference and currency. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create unique index accounts_payee_reference_key on accounts.accounts (owner, name, unit) where kind = 'payee'
  `);
}
