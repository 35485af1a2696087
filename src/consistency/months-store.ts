import { type Database, inTransaction, statement } from './transaction';

/** The schemas whose migrations have made `make_months`. */
type MonthlySchema = 'orders' | 'accounting';

/** A table whose rows lie in one partition per month, by the time in their key (see db/partitions.ts). */
export interface MonthlyTable<S extends MonthlySchema> {
  readonly schema: S;
  readonly table: string;
}

/**
 * Makes the months that are missing, up to so many after the present one by the database's clock. Any number of processes may do
 * it at once. What has come in for want of a month lies in a partition of its own; that becomes a month as it is.
 * @returns how many it made
 */
export function createMakeMonths<S extends MonthlySchema>(
  db: Database<S>,
  { schema, table }: MonthlyTable<S>,
  ahead: number,
): () => Promise<number> {
  const make = statement(
    `${schema}.${table}.make_months`,
    `select ${schema}.make_months('${schema}.${table}', $1::int) as made`,
  );
  return () =>
    inTransaction(db, 'months.make', async (tx) => (await tx.query<{ made: number }>(make, [ahead]))[0]?.made ?? 0);
}
