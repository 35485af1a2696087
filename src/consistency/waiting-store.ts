import { clip } from '../core/clip';
import type { ClaimableTable } from './claims';
import { columnsOf } from './columns';
import { type Database, type SchemaName, type Statement, statement } from './transaction';

/**
 * Work whose database is away is put aside under that database's name and is not tried again until somebody has reached it:
 * an outage counts as no attempt, costs no retries however long it lasts, and leaves no backoff behind. Then all of it is
 * due again at once, oldest first; how fast it is done is up to the recoveries, which take bounded lists.
 *
 * The table has the columns of a claimable one and \`waits_for\`, with a partial index on (waits_for, key). Whoever claims or
 * ends a row sets \`waits_for\` to null.
 */
export interface Waiting {
  /** Puts rows aside that are still to be done. Under a token only those that are still claimed under it. */
  putAside(items: readonly WaitingItem[], token?: string): Promise<void>;
  /** For which databases something waits. */
  awaited(): Promise<readonly SchemaName[]>;
  /** Makes the oldest rows that wait for a database due; at most `limit`. @returns how many */
  release(database: SchemaName, limit: number): Promise<number>;
}

export interface WaitingItem {
  readonly key: string;
  readonly database: string;
  readonly error: string;
}

/** Should nobody release it, such as where only this process cannot reach the database, it is tried again after so long. */
const AT_MOST_MINUTES = 5;

/** A claim on it sets `waits_for` to null. */
export type WaitingTable<S extends SchemaName> = ClaimableTable<S> & { readonly alsoAtClaim: string };

const itemColumns = columnsOf<WaitingItem>(
  (item) => item.key,
  (item) => item.database,
  (item) => clip(item.error, 500),
);

export function createWaiting<S extends SchemaName>(db: Database<S>, table: WaitingTable<S>): Waiting {
  const sql = waitingStatements(table);
  return {
    putAside: async (items, token) => {
      if (items.length === 0) return;
      await db.write(sql.putAside, [...itemColumns(items), token ?? null]);
    },
    awaited: async () => (await db.query<{ waits_for: SchemaName }>(sql.awaited)).map((row) => row.waits_for),
    release: async (database, limit) => (await db.write<{ key: string }>(sql.release, [database, limit])).length,
  };
}

function waitingStatements(t: WaitingTable<SchemaName>): Record<'putAside' | 'awaited' | 'release', Statement> {
  const name = `${t.schema}.${t.table}`;
  const isDue = `t.status in (${t.due.map((status) => `'${status}'`).join(', ')})`;
  return {
    putAside: statement(
      `${name}.put_aside`,
      `with locked as materialized (
         select n.* from unnest($1::uuid[], $2::text[], $3::text[]) as n(key, database, error) join ${name} t on t.${t.key} = n.key
          order by t.${t.key} for no key update of t)
       update ${name} t
          set waits_for = locked.database, last_error = locked.error, lease_token = null,
              attempts = greatest(t.attempts - 1, 0),
              next_try_at = clock_timestamp() + interval '${AT_MOST_MINUTES} minutes'
         from locked where t.${t.key} = locked.key and ${isDue} and ($4::uuid is null or t.lease_token = $4::uuid)`,
    ),
    // One look into the index per database, however many rows wait.
    awaited: statement(
      `${name}.awaited`,
      `select w.waits_for from unnest(array['accounts', 'points', 'accounting']) as w(waits_for)
        where exists (select from ${name} t where t.waits_for = w.waits_for)`,
    ),
    // Each a microsecond after the one before, because claims go by this time.
    release: statement(
      `${name}.release`,
      `with present as materialized (select clock_timestamp() as now),
            oldest as materialized (
         select ${t.key} as key from ${name} where waits_for = $1 order by ${t.key} limit $2 for no key update skip locked),
            ranked as materialized (select key, row_number() over (order by key) as rank from oldest)
       update ${name} t
          set ${t.alsoAtClaim},
              next_try_at = case when ${isDue} then present.now + ranked.rank * interval '1 microsecond'
                                 else t.next_try_at end
         from ranked, present where t.${t.key} = ranked.key
       returning t.${t.key} as key`,
    ),
  };
}
