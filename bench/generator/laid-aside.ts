import type { Client } from 'pg';

/** What was taken off tables so that they can be filled fast, as the statements that put it back. */
export interface LaidAside {
  readonly restore: readonly string[];
}

/**
 * Takes indexes, unique keys and triggers off tables. A tree that is built from sorted rows takes a fraction of the time of
 * one that grows row by row, and is compact; a trigger would keep each list that it is told of. This is for a database of
 * the bench alone: nobody else may be at it, and one whose load was cut off is thrown away.
 *
 * What is put back is checked as it is put back: a unique key that is violated, or a row that a constraint refuses, fails.
 */
export async function layAside(client: Client, tables: readonly string[]): Promise<LaidAside> {
  const restore: string[] = [];
  for (const table of tables) {
    const found = await client.query<{ drop: string; restore: string }>(LAID_ASIDE, [table]);
    for (const one of found.rows) {
      await client.query(one.drop);
      restore.push(one.restore);
    }
  }
  return { restore };
}

/** Constraints first, because their indexes go with them; of a partitioned table only its own, which its partitions have from it. */
const LAID_ASIDE = `
  select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
         format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as restore
    from pg_constraint where conrelid = $1::text::regclass and contype in ('p', 'u')
  union all
  select format('drop index %s', i.indexrelid::regclass),
         replace(pg_get_indexdef(i.indexrelid), ' ON ONLY ', ' ON ')
    from pg_index i where i.indrelid = $1::text::regclass
     and not exists (select from pg_constraint c where c.conindid = i.indexrelid and c.contype in ('p', 'u'))
  union all
  select format('drop trigger %I on %s', tgname, tgrelid::regclass), pg_get_triggerdef(oid)
    from pg_trigger where tgrelid = $1::text::regclass and not tgisinternal and tgparentid = 0`;
