import { filtered } from '../consistency/by-key';
import { LOWEST_ID, clean, cleaningStatement, daysAgo, leastIdSince } from '../consistency/retention-store';
import type { EndedHold, StandingHold } from '../consistency/tcc/participant';
import { type Database, type Queryable, type Statement, inTransaction, statement } from '../consistency/transaction';
import type { Gid } from '../core/ids';
import type { BalancesSchema } from './holds-store';

export function endedHoldsStatements(
  schema: BalancesSchema,
): Record<'old' | 'standing' | 'forget' | 'oldest', Statement> {
  const table = `${schema}.holds`;
  const longAgo = (days: string): string =>
    `status in ('confirmed', 'cancelled') and ended_at < ${daysAgo(`${days}::int`)}`;
  const old = statement(
    `${table}.old`,
    `with page as materialized (
       select gid, status, ended_at from ${table} where gid > $2 and gid < ${leastIdSince('$1::int')}
        order by gid, branch limit $3)
     select gid, bool_and(${longAgo('$1')}) as ended from page group by gid order by gid`,
  );
  const standing = statement(
    `${table}.standing`,
    `select gid, branch, status from ${table} where gid = any($1::uuid[]) order by gid, branch`,
  );
  const forget = cleaningStatement(
    schema,
    'holds',
    `locked as materialized (
       select gid, branch from ${table} where gid = any($1::uuid[]) and ${filtered(longAgo('$2'))}
        order by gid, branch for update skip locked),
     gone as (
       delete from ${table} h using locked where h.gid = locked.gid and h.branch = locked.branch returning h.gid as key)`,
  );
  const oldest = statement(`${table}.oldest`, `select gid from ${table} order by gid limit 1`);
  return { old, standing, forget, oldest };
}

/** What became of holds, for those who clean them and those who must know before they clean something else. */
export function createEndedHoldsStore(schema: BalancesSchema) {
  const sql = endedHoldsStatements(schema);
  return {
    old: (
      db: Queryable<BalancesSchema>,
      days: number,
      limit: number,
      after: Gid | undefined,
    ): Promise<readonly EndedHold[]> => db.query<EndedHold>(sql.old, [days, after ?? LOWEST_ID, limit]),
    standing: (db: Queryable<BalancesSchema>, gids: readonly Gid[]): Promise<readonly StandingHold[]> =>
      db.query<StandingHold>(sql.standing, [gids]),
    forget: (db: Database<BalancesSchema>, gids: readonly Gid[], days: number): Promise<number> =>
      inTransaction(db, 'balances.forget_holds', (tx) => clean(tx, sql.forget, [gids, days])),
    oldest: async (db: Queryable<BalancesSchema>): Promise<Gid | undefined> =>
      (await db.query<{ gid: Gid }>(sql.oldest))[0]?.gid,
  };
}
