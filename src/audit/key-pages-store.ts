import { type Database, type SchemaName, statement } from '../consistency/transaction';

/** The ids of a table in their order, which is about that of time (UUIDv7). */
export interface KeyPages {
  /** The newest id; undefined for an empty table. */
  newest(): Promise<string | undefined>;
  page(after: string | undefined, upTo: string | undefined, limit: number): Promise<readonly string[]>;
}

const FIRST = '00000000-0000-0000-0000-000000000000';

/** @param column a column of type uuid with an index; a key that occurs in several rows is given once */
export function keyPages<S extends SchemaName>(db: Database<S>, table: string, column: string): KeyPages {
  const name = `audit.${db.schema}.${table}.${column}`;
  const source = `${db.schema}.${table}`;
  const newest = statement(`${name}.newest`, `select ${column} as key from ${source} order by ${column} desc limit 1`);
  const page = statement(
    `${name}.page`,
    `select distinct ${column} as key from ${source} where ${column} > $1::uuid and ${column} <= $2::uuid
      order by ${column} limit $3`,
  );
  return {
    newest: async () => (await db.query<{ key: string }>(newest))[0]?.key,
    page: async (after, upTo, limit) =>
      upTo === undefined
        ? []
        : (await db.query<{ key: string }>(page, [after ?? FIRST, upTo, limit])).map((row) => row.key),
  };
}
