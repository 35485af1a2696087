import type { Knex } from 'knex';
import { despiteDeadlocks } from './deadlocks';

/** An index of a partitioned table. */
export interface PartitionedIndex {
  readonly schema: string;
  /** Without its schema. */
  readonly table: string;
  readonly name: string;
  readonly columns: readonly string[];
}

interface Missing {
  readonly partition: string;
  /** One that is ready and was not attached. */
  readonly ready: string | null;
  /** What a build that was cut off has left. */
  readonly broken: readonly string[];
}

/**
 * Gives a partitioned table an index, partition by partition, while rows are added to it. It cannot be part of a transaction, and
 * goes on where a run before it was cut off. Months that are made meanwhile get theirs as they are made.
 */
export async function indexByPartition(knex: Knex, index: PartitionedIndex): Promise<void> {
  const { schema, table, name } = index;
  const columns = index.columns.join(', ');
  await knex.raw(`create index if not exists ${name} on only ${schema}.${table} (${columns})`);
  const indexNext = async (): Promise<boolean> => {
    const next = await nextMissing(knex, index);
    for (const broken of next?.broken ?? []) await knex.raw(`drop index ${broken}`);
    if (next?.ready === null) await knex.raw(`create index concurrently on ${next.partition} (${columns})`);
    else if (next !== undefined) await knex.raw(`alter index ${schema}.${name} attach partition ${next.ready}`);
    return next !== undefined;
  };
  while (await despiteDeadlocks(indexNext));
}

async function nextMissing(
  knex: Knex,
  { schema, table, name, columns }: PartitionedIndex,
): Promise<Missing | undefined> {
  const { rows } = await knex.raw<{ rows: Missing[] }>(
    `with own as (
       select i.indrelid, i.indexrelid, i.indisvalid, h.inhparent as parent
         from pg_index i left join pg_inherits h on h.inhrelid = i.indexrelid
        where pg_get_indexdef(i.indexrelid) like ?)
     select p.relid::regclass::text as partition,
            (select min(indexrelid::regclass::text) from own where indrelid = p.relid and parent is null and indisvalid) as ready,
            array(select indexrelid::regclass::text from own where indrelid = p.relid and not indisvalid) as broken
       from pg_partition_tree(?::regclass) p
      where p.isleaf and not exists (select from own where indrelid = p.relid and parent = ?::regclass)
      order by 1 limit 1`,
    [`%(${columns.join(', ')})`, `${schema}.${table}`, `${schema}.${name}`],
  );
  return rows[0];
}
