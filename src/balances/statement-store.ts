import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { AccountId } from '../core/ids';
import type { EntryRow } from './accounts-store';
import type { BalancesSchema } from './holds-store';

export interface InstantOfAccount {
  /** The instant that was asked for, and what is left of it, in UTC with six decimals. */
  readonly asked: string;
  readonly instant: string;
  readonly is_future: boolean;
  /** The account has a later entry: none can come before it any more. */
  readonly is_closed: boolean;
}

/** The last entry up to an instant; number '0' and balance '0' before the first. */
export interface PositionRow {
  readonly number: string;
  readonly balance: string;
}

/** A statement's entry: the times have six decimals. */
export type StatementRow = Omit<EntryRow, 'created_at'> & { readonly created_at: string };

export interface StatementStore<S extends BalancesSchema> {
  lookAt(db: Queryable<S>, id: AccountId, at: string | undefined, earlierBy: 0 | 1): Promise<InstantOfAccount>;
  /** Waits for every movement of the account that is under way, until the transaction ends. */
  waitForMovements(tx: Tx<S>, id: AccountId): Promise<void>;
  positionAt(db: Queryable<S>, id: AccountId, instant: string): Promise<PositionRow>;
  /** What went out and came in with the entries after one number and up to another; both are positive. */
  totals(tx: Tx<S>, id: AccountId, after: string, upTo: string): Promise<{ debit: string; credit: string }>;
  /** Oldest first. */
  entries(db: Queryable<S>, id: AccountId, after: string, upTo: string, limit: number): Promise<StatementRow[]>;
}

/**
 * Entries of one commit get their times one by one and perhaps not in the order of their numbers; entries of two commits
 * always do, because the account's row is locked. A commit has fewer entries of one account than this.
 */
const COMMIT = 5_000;

const utc = (column: string): string => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export function createStatementStore<S extends BalancesSchema>(schema: S): StatementStore<S> {
  const sql = statements(schema);
  return {
    lookAt: async (db, id, at, earlierBy) => {
      const [row] = await db.query<InstantOfAccount>(sql.lookAt, [id, at ?? null, earlierBy]);
      if (row === undefined) throw new Error('an instant gave no row');
      return row;
    },
    waitForMovements: async (tx, id) => {
      await tx.query(sql.waitForMovements, [id]);
    },
    positionAt: async (db, id, instant) =>
      (await db.query<PositionRow>(sql.positionAt, [id, instant]))[0] ?? { number: '0', balance: '0' },
    totals: async (tx, id, after, upTo) => {
      await tx.query(sql.allowLong);
      const [row] = await tx.query<{ debit: string; credit: string }>(sql.totals, [id, after, upTo]);
      return row ?? { debit: '0', credit: '0' };
    },
    entries: (db, id, after, upTo, limit) => db.query<StatementRow>(sql.entries, [id, after, upTo, limit]),
  };
}

function statements(schema: BalancesSchema) {
  const entries = `${schema}.entries`;
  const named = (verb: string, text: string) => statement(`${entries}.${verb}`, text);
  return {
    allowLong: named('allow_long', `select set_config('statement_timeout', '30s', true)`),
    lookAt: named(
      'look_at_instant',
      `select ${utc('i.asked')} as asked, ${utc('i.instant')} as instant, i.instant > clock_timestamp() as is_future,
              coalesce((select created_at from ${entries} where account_id = $1 order by number desc limit 1) > i.instant,
                       false) as is_closed
         from (select a.asked, a.asked - $3::bigint * interval '1 microsecond' as instant
                 from (select coalesce($2::timestamptz, clock_timestamp()) as asked) a) i`,
    ),
    waitForMovements: named('wait_for_movements', `select id from ${schema}.accounts where id = $1 for share`),
    // A search by halves over the numbers, which have no gaps, needs no further index on a table that every payment writes.
    positionAt: named(
      'position_at',
      `with recursive search(low, high) as (
         select 0::bigint, coalesce((select number from ${entries} where account_id = $1 order by number desc limit 1), 0)
         union all
         select case when e.created_at <= $2::timestamptz then e.number else s.low end,
                case when e.created_at <= $2::timestamptz then s.high else e.number - 1 end
           from search s join ${entries} e on e.account_id = $1 and e.number = (s.low + s.high + 1) / 2
          where s.low < s.high)
       select e.number::text as number, e.balance_after::text as balance
         from (select low from search where low = high) found
         join ${entries} e on e.account_id = $1 and e.created_at <= $2::timestamptz
          and e.number between found.low - ${COMMIT} and found.low + ${COMMIT}
        order by e.number desc limit 1`,
    ),
    totals: named(
      'totals_between',
      `select coalesce(-sum(amount) filter (where amount < 0), 0)::text as debit,
              coalesce(sum(amount) filter (where amount > 0), 0)::text as credit
         from ${entries} where account_id = $1 and number > $2::bigint and number <= $3::bigint`,
    ),
    entries: named(
      'between',
      `select id, number, gid, amount, balance_after, ${utc('created_at')} as created_at from ${entries}
        where account_id = $1 and number > $2::bigint and number <= $3::bigint order by number limit $4`,
    ),
  };
}
