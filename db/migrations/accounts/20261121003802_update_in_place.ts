import type { Knex } from 'knex';

/** Room in each page for the next versions of its rows, so that a balance that moves touches no index. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table accounts.accounts set (fillfactor = 50);
    alter table accounts.holds set (fillfactor = 70);
  `);
}
