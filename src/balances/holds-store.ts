import { filtered } from '../consistency/by-key';
import { cleanedOnce } from '../consistency/retention-store';
import { columnsOf } from '../consistency/columns';
import { type Statement, type Tx, statement } from '../consistency/transaction';
import type { BranchKey, OpenHold } from '../consistency/tcc/participant';

/** The two instances of the one participant. */
export type BalancesSchema = 'accounts' | 'points';

export type HoldStatus = 'held' | 'confirmed' | 'cancelled';

export interface NewHold extends BranchKey {
  readonly contentHash: string;
  readonly accountIds: readonly string[];
  readonly outbound: readonly boolean[];
  readonly amounts: readonly string[];
}

/** A hold as it stands; the three lists run side by side, one element per leg. */
export interface Hold extends BranchKey {
  readonly status: HoldStatus;
  readonly content_hash: string | null;
  readonly account_ids: readonly string[];
  readonly outbound: readonly boolean[];
  readonly amounts: readonly string[];
}

export interface HoldsStore {
  /**
   * Inserts what is not there yet; returns the keys that were inserted. Whoever was not must be read afterwards: a hold that
   * is not there either has been cleaned.
   */
  insert(tx: Tx<BalancesSchema>, holds: readonly NewHold[]): Promise<readonly BranchKey[]>;
  insertTombstones(tx: Tx<BalancesSchema>, keys: readonly BranchKey[]): Promise<readonly BranchKey[]>;
  read(tx: Tx<BalancesSchema>, keys: readonly BranchKey[]): Promise<readonly Hold[]>;
  /** Reads and locks, in the order of the key. */
  lock(tx: Tx<BalancesSchema>, keys: readonly BranchKey[]): Promise<readonly Hold[]>;
  end(tx: Tx<BalancesSchema>, keys: readonly BranchKey[], status: 'confirmed' | 'cancelled'): void;
  /** Takes back holds of this very transaction, whose accounts turned out to refuse. */
  withdraw(tx: Tx<BalancesSchema>, keys: readonly BranchKey[]): void;
  open(
    tx: Tx<BalancesSchema>,
    olderThanSeconds: number,
    limit: number,
    after: OpenHold | undefined,
  ): Promise<readonly OpenHold[]>;
}

const LOWEST_ID = '00000000-0000-0000-0000-000000000000';

const COLUMNS = 'h.gid, h.branch, h.status, h.content_hash, h.account_ids, h.outbound, h.amounts';

const keyColumns = columnsOf<BranchKey>(
  (key) => key.gid,
  (key) => key.branch,
);
/** An array of arrays must be rectangular in PostgreSQL; the legs of each hold travel as one array literal. */
const holdColumns = columnsOf<NewHold>(
  (hold) => hold.gid,
  (hold) => hold.branch,
  (hold) => hold.contentHash,
  (hold) => `{${hold.accountIds.join(',')}}`,
  (hold) => `{${hold.outbound.join(',')}}`,
  (hold) => `{${hold.amounts.join(',')}}`,
);

export function createHoldsStore(schema: BalancesSchema): HoldsStore {
  const sql = holdStatements(schema);
  return {
    insert: (tx, holds) => tx.query<BranchKey>(sql.insert, holdColumns(holds)),
    insertTombstones: (tx, keys) => tx.query<BranchKey>(sql.insertTombstones, keyColumns(keys)),
    read: (tx, keys) => tx.query<Hold>(sql.read, keyColumns(keys)),
    lock: (tx, keys) => tx.query<Hold>(sql.lock, keyColumns(keys)),
    end: (tx, keys, status) => {
      tx.send(sql.end, [...keyColumns(keys), status]);
    },
    withdraw: (tx, keys) => {
      tx.send(sql.withdraw, keyColumns(keys));
    },
    open: (tx, olderThanSeconds, limit, after) =>
      tx.query<OpenHold>(sql.open, [
        olderThanSeconds,
        limit,
        after?.since ?? '-infinity',
        after?.gid ?? LOWEST_ID,
        after?.branch ?? '',
      ]),
  };
}

function holdStatements(schema: BalancesSchema): Record<keyof HoldsStore, Statement> {
  const table = `${schema}.holds`;
  const keys = 'unnest($1::uuid[], $2::text[]) as k(gid, branch)';
  const isHeld = filtered(`h.status = 'held'`);
  const named = (verb: string, text: string): Statement => statement(`${table}.${verb}`, text);
  return {
    insert: named(
      'insert',
      `insert into ${table} (gid, branch, status, content_hash, account_ids, outbound, amounts)
       select gid, branch, 'held', content_hash, account_ids::uuid[], outbound::boolean[], amounts::numeric[]
         from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
              as n(gid, branch, content_hash, account_ids, outbound, amounts)
        where not ${cleanedOnce(schema, 'holds', 'n.gid')}
        order by gid, branch
       on conflict (gid, branch) do nothing
       returning gid, branch`,
    ),
    insertTombstones: named(
      'insert_tombstones',
      `insert into ${table} (gid, branch, status, ended_at)
       select gid, branch, 'cancelled', clock_timestamp() from ${keys}
        where not ${cleanedOnce(schema, 'holds', 'k.gid')} order by gid, branch
       on conflict (gid, branch) do nothing
       returning gid, branch`,
    ),
    read: named('read', `select ${COLUMNS} from ${table} h join ${keys} using (gid, branch)`),
    lock: named(
      'lock',
      `select ${COLUMNS} from ${table} h join ${keys} using (gid, branch) order by h.gid, h.branch for update of h`,
    ),
    end: named(
      'end',
      `update ${table} h set status = $3, ended_at = clock_timestamp() from ${keys}
        where h.gid = k.gid and h.branch = k.branch and ${isHeld}`,
    ),
    withdraw: named(
      'withdraw',
      `delete from ${table} h using ${keys} where h.gid = k.gid and h.branch = k.branch and ${isHeld}`,
    ),
    open: named(
      'open',
      `select gid, branch, created_at::text as since from ${table}
        where status = 'held' and created_at < (select clock_timestamp()) - $1::int * interval '1 second'
          and created_at >= $3::timestamptz and (created_at, gid, branch) > ($3::timestamptz, $4::uuid, $5::text)
        order by created_at, gid, branch limit $2`,
    ),
  };
}
