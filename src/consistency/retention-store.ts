import { type Queryable, type SchemaName, type Statement, type Tx, statement } from './transaction';

/** Before every id that can have been made. */
export const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

/**
 * The least id that can have been made so many days ago, as SQL: ids begin with their time (UUIDv7), so that what is old
 * enough is a range of the primary key and needs no index of its own.
 * @param days SQL for a number of days
 */
export function leastIdSince(days: string): string {
  return `(select (lpad(to_hex(((extract(epoch from clock_timestamp()) - ${days} * 86400) * 1000)::bigint), 12, '0')
                   || '00000000000000000000')::uuid)`;
}

/** @param days SQL for a number of days */
export function daysAgo(days: string): string {
  return `(select clock_timestamp() - ${days} * interval '1 day')`;
}

/**
 * The statement that deletes, and the mark that says how far, as one: whoever finds a row gone finds the mark. Keys are
 * counted, however many rows lie under one.
 * @param gone CTEs before it, of which `gone` has a `key` of type uuid per row that is cleaned
 */
export function cleaningStatement(schema: SchemaName, kind: string, gone: string): Statement {
  return statement(
    `${schema}.retention_marks.clean_${kind}`,
    `with ${gone},
     marked as (
       insert into ${schema}.retention_marks as m (kind, through, cleaned)
       select '${kind}', (select key from gone order by key desc limit 1), count(distinct key) from gone having count(*) > 0
       on conflict (kind) do update
         set through = greatest(m.through, excluded.through), cleaned = m.cleaned + excluded.cleaned,
             cleaned_at = clock_timestamp())
     select count(distinct key)::int as cleaned from gone`,
  );
}

/** Whether a key lies where rows of this kind have been cleaned, as SQL: one that is not there has had its time. */
export function cleanedOnce(schema: SchemaName, kind: string, key: string): string {
  return `(${key} <= coalesce((select through from ${schema}.retention_marks where kind = '${kind}'), '${LOWEST_ID}'))`;
}

/** @returns how many were cleaned */
export async function clean<S extends SchemaName>(
  tx: Tx<S>,
  sql: Statement,
  values: readonly unknown[],
): Promise<number> {
  return (await tx.query<{ cleaned: number }>(sql, values))[0]?.cleaned ?? 0;
}

const markOf = (schema: SchemaName): Statement =>
  statement(`${schema}.retention_marks.read`, `select through from ${schema}.retention_marks where kind = $1`);
const MARK = { orders: markOf('orders'), accounts: markOf('accounts'), points: markOf('points') };

/** The greatest key of this kind that was cleaned; the lowest id where none was. */
export async function cleanedThrough<S extends 'orders' | 'accounts' | 'points'>(
  db: Queryable<S>,
  kind: string,
): Promise<string> {
  return (await db.query<{ through: string }>(MARK[db.schema], [kind]))[0]?.through ?? LOWEST_ID;
}
