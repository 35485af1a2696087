import { type Database, statement } from '../consistency/transaction';
import type { BalancesSchema, HoldStatus } from './holds-store';

/** A hold as a person looks at it. Times are RFC 3339 in UTC, to the microsecond. */
export interface HoldOfTransaction {
  readonly gid: string;
  readonly branch: string;
  readonly status: HoldStatus;
  /** A Cancel came before its Try. */
  readonly tombstone: boolean;
  readonly legs: readonly {
    readonly account: string;
    readonly unit: string;
    readonly outbound: boolean;
    readonly amount: string;
  }[];
  readonly created_at: string;
  readonly ended_at: string | null;
}

export interface EntryOfTransaction {
  readonly gid: string;
  readonly branch: string;
  readonly account: string;
  readonly unit: string;
  readonly number: string;
  readonly amount: string;
  readonly balance_after: string;
  readonly created_at: string;
}

export interface MovementsOfTransactions {
  readonly holds: readonly HoldOfTransaction[];
  readonly entries: readonly EntryOfTransaction[];
}

function utc(column: string): string {
  return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

export function movementStatementsOf(schema: BalancesSchema) {
  return {
    holds: statement(
      `${schema}.holds.of_transactions`,
      `select h.gid, h.branch, h.status, h.content_hash is null as tombstone,
              ${utc('h.created_at')} as created_at, ${utc('h.ended_at')} as ended_at,
              (select coalesce(jsonb_agg(jsonb_build_object('account', a.code, 'unit', a.unit, 'outbound', l.outbound,
                                                            'amount', l.amount::text) order by l.place), '[]')
                 from unnest(h.account_ids, h.outbound, h.amounts) with ordinality as l(account_id, outbound, amount, place)
                 join ${schema}.accounts a on a.id = l.account_id) as legs
         from ${schema}.holds h where h.gid = any($1::uuid[]) order by h.gid, h.branch`,
    ),
    entries: statement(
      `${schema}.entries.of_transactions`,
      `select e.gid, e.branch, a.code as account, a.unit, e.number, e.amount, e.balance_after,
              ${utc('e.created_at')} as created_at
         from ${schema}.entries e join ${schema}.accounts a on a.id = e.account_id
        where e.gid = any($1::uuid[]) order by e.id`,
    ),
  };
}

/**
 * What a participant holds and has moved for transactions.
 * @throws Unavailable where its database cannot be reached
 */
export function createMovementsOfTransactions({ db }: { readonly db: Database<BalancesSchema> }) {
  const sql = movementStatementsOf(db.schema);
  return async (gids: readonly string[]): Promise<MovementsOfTransactions> => {
    const [holds, entries] = await Promise.all([
      db.query<HoldOfTransaction>(sql.holds, [gids]),
      db.query<EntryOfTransaction>(sql.entries, [gids]),
    ]);
    return { holds, entries };
  };
}
