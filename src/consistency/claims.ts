import { filtered } from './by-key';
import { type Jitter, backoffMs } from '../core/backoff';
import { contentHash } from '../core/canonical';
import { clip } from '../core/clip';
import type { Ids } from '../core/ids';
import { columnsOf } from './columns';
import { type Database, type SchemaName, type Statement, type Tx, statement } from './transaction';

/**
 * The one helper of all recoveries. A row of a table of durable work is due when its status says there is something to do
 * and `next_try_at` has passed by the database's clock. Claiming moves `next_try_at` past a lease and writes a token; the
 * result is written only while the token is still there, so that a process that was stopped for longer than its lease
 * cannot overwrite what its successor did. A lease that has run out but that nobody took over still holds: the token is
 * the fence, the lease only says when somebody else may come.
 *
 * The table has the columns `status`, `next_try_at`, `lease_token`, `attempts`, `last_error`, and a partial index on
 * `next_try_at` over the rows that may be due.
 */
export interface ClaimableTable<S extends SchemaName> {
  readonly schema: S;
  readonly table: string;
  readonly key: string;
  /** The statuses in which there is something to do: plain words, because they stand in the statement's text. */
  readonly due: readonly string[];
  /** Columns of `t`, the claimed row, that a claim returns, as SQL. */
  readonly columns: string;
  /** What else a claim sets, as SQL. */
  readonly alsoAtClaim?: string;
}

export interface Claim<Work> {
  readonly token: string;
  readonly rows: readonly Work[];
}

/** The claim under which a row is born that the process works on which inserts it. */
export interface BirthClaim {
  readonly token: string;
  /** How long nobody else takes it. */
  readonly leaseMs: number;
}

export interface ClaimOptions {
  readonly limit: number;
  readonly leaseMs: number;
  readonly only?: readonly string[];
}

export interface Claims<S extends SchemaName, Work> {
  /**
   * Claims what is due and returns it, longest overdue first; `only` narrows it to these keys. Each claim counts as an
   * attempt, and `attempts` among the columns has counted it.
   */
  claim(options: ClaimOptions): Promise<Claim<Work>>;
  /** The same in a transaction of the caller, for what must be committed together with the claim. */
  claimIn(tx: Tx<S>, options: ClaimOptions): Promise<Claim<Work>>;
  /** Puts rows back for a later attempt, if the token still holds; returns the keys that were put back. */
  retryLater(token: string, failures: readonly Failure[]): Promise<readonly string[]>;
  /** The statement fragment for a transaction that writes a result: locks the rows whose token still holds. */
  stillMine(tx: Tx<S>, token: string, keys: readonly string[]): Promise<readonly string[]>;
}

export interface Failure {
  readonly key: string;
  readonly attempts: number;
  readonly error: string;
}

const failureColumns = columnsOf<Failure>(
  (failure) => failure.key,
  (failure) => clip(failure.error.replaceAll('\u0000', ''), 500),
);

export function createClaims<S extends SchemaName, Work extends object>(
  db: Database<S>,
  table: ClaimableTable<S>,
  tools: { ids: Ids; jitter: Jitter; backoff?: { firstMs: number; capMs: number } },
): Claims<S, Work> {
  const sql = claimStatements(table);
  const { firstMs, capMs } = tools.backoff ?? { firstMs: 500, capMs: 30_000 };
  const claimBy = async (
    run: (statement: Statement, values: readonly unknown[]) => Promise<Work[]>,
    { limit, leaseMs, only }: ClaimOptions,
  ): Promise<Claim<Work>> => {
    const token = tools.ids.token();
    const rows =
      only === undefined
        ? await run(sql.claim, [limit, token, leaseMs])
        : await run(sql.claimOnly, [limit, token, leaseMs, only]);
    return { token, rows };
  };
  return {
    claimIn: (tx, options) => claimBy((sql, values) => tx.query<Work>(sql, values), options),
    claim: (options) => claimBy((sql, values) => db.write<Work>(sql, values), options),
    retryLater: async (token, failures) => {
      if (failures.length === 0) return [];
      const delays = failures.map((failure) => backoffMs(failure.attempts, tools.jitter, firstMs, capMs));
      const [keys, errors] = failureColumns(failures);
      const rows = await db.write<{ key: string }>(sql.retry, [token, keys, delays, errors]);
      return rows.map((row) => row.key);
    },
    stillMine: async (tx, token, keys) => {
      if (keys.length === 0) return [];
      return (await tx.query<{ key: string }>(sql.mine, [token, keys])).map((row) => row.key);
    },
  };
}

/**
 * The statuses are literals and the present is a subquery so that the partial index serves: a prepared statement's generic
 * plan cannot prove that `status = any($1)` lies within the index, and a volatile function is no index condition. With
 * either of them the claim reads every row that was ever done.
 */
function claimStatements(t: ClaimableTable<SchemaName>): Record<'claim' | 'claimOnly' | 'retry' | 'mine', Statement> {
  const name = `${t.schema}.${t.table}`;
  const isDue = `status in (${t.due.map(literal).join(', ')})`;
  const claim = (where: string): string => `
    with due as (
      select ${t.key} as key, next_try_at as was_due from ${name}
       where ${where}
       order by next_try_at limit $1 for update skip locked),
    claimed as (
      update ${name} t
         set lease_token = $2, next_try_at = clock_timestamp() + $3::int * interval '1 millisecond', attempts = t.attempts + 1
             ${t.alsoAtClaim === undefined ? '' : `, ${t.alsoAtClaim}`}
        from due where t.${t.key} = due.key
      returning t.*, due.was_due)
    select ${t.columns} from claimed t order by t.was_due, t.${t.key}`;
  const isDueNow = `${isDue} and next_try_at <= (select clock_timestamp())`;
  return {
    claim: named(`${name}.claim`, claim(isDueNow)),
    claimOnly: named(`${name}.claim_only`, claim(`${t.key} = any($4::uuid[]) and ${filtered(isDueNow)}`)),
    retry: named(
      `${name}.retry_later`,
      `update ${name} t
          set next_try_at = clock_timestamp() + f.delay_ms * interval '1 millisecond', last_error = f.error, lease_token = null
         from unnest($2::uuid[], $3::int[], $4::text[]) as f(key, delay_ms, error)
        where t.${t.key} = f.key and t.lease_token = $1 and ${filtered(`t.${isDue}`)}
       returning t.${t.key} as key`,
    ),
    mine: named(
      `${name}.still_mine`,
      `select ${t.key} as key from ${name}
        where ${t.key} = any($2::uuid[]) and lease_token = $1 and ${filtered(isDue)}
        order by ${t.key} for update`,
    ),
  };
}

/** Two kinds of work on one table have other texts, and a prepared statement's name belongs to one text. */
function named(name: string, text: string): Statement {
  return statement(`${name}.${contentHash(text).slice(0, 8)}`, text);
}

function literal(status: string): string {
  if (!/^[a-z_]+$/.test(status)) throw new Error(`"${status}" cannot stand in a statement`);
  return `'${status}'`;
}
