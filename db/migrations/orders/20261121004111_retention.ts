import type { Knex } from 'knex';

/**
 * What was cleaned, by kind: the greatest key, and how many. A row below it that is not there any more had ended and was
 * cleaned, and the audit asks other rows for it. `attempts_cleaned` says how many attempts of a notification are not recorded
 * any more.
 *
 * No row is read or written: it takes a moment.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.retention_marks (
      kind text primary key,
      through uuid not null,
      cleaned bigint not null,
      cleaned_at timestamptz not null default clock_timestamp()
    );
    alter table orders.notifications add column attempts_cleaned integer not null default 0;
  `);
}
