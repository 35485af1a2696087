import type { Knex } from 'knex';

/**
 * What a participant has cleaned: the greatest gid of a hold, and how many. A Try below it that has no hold comes too late.
 * Tombstones are cleaned with the other holds, oldest gid first, so their own index goes. It takes a moment.
 */
export async function createRetentionMarks(knex: Knex, schema: 'accounts' | 'points'): Promise<void> {
  await knex.raw(`
    create table ${schema}.retention_marks (
      kind text primary key,
      through uuid not null,
      cleaned bigint not null,
      cleaned_at timestamptz not null default clock_timestamp()
    );
    drop index ${schema}.holds_tombstones;
  `);
}
