import { Socket } from 'node:net';
import knexModule, { type Knex } from 'knex';
import { type Client, TypeOverrides } from 'pg';
import { systemClock } from '../core/clock';
import { type Databases, SCHEMAS, type SchemaName, database } from '../consistency/transaction';
import { sessionsOf, shareWhenFull } from './full-server';
import { type Admit, type ReachListener, type Watched, connectOnce, watched } from './reachability';

export type DatabaseUrls = Readonly<Record<SchemaName, string>>;

export interface PoolOptions {
  /** The most connections of each of the four pools. */
  readonly size?: number;
  readonly statementTimeoutMs?: number;
  readonly lockTimeoutMs?: number;
  readonly idleInTransactionTimeoutMs?: number;
  /** How long a caller waits for a free connection, and for a server to answer. */
  readonly acquireTimeoutMs?: number;
  readonly applicationName?: string;
  /**
   * How statements are planned: through indexes whatever the statistics say, and those of transactions once per connection
   * without their values; or (`by_cost`) as the server likes.
   */
  readonly plans?: 'by_index' | 'by_cost';
  /** Told in a sentence of connections that broke; whoever was using one gets `Unavailable` besides. */
  readonly onTrouble?: (sentence: string) => void;
  /** Told when a database is found to be away, and when it is back. */
  readonly onReach?: ReachListener;
}

export interface Pools {
  readonly databases: Databases;
  /** Has a database count as away until `admit`, which is tried about every second, resolves. */
  admitLater(schema: SchemaName, error: unknown, admit: Admit): void;
  /** Waits for what is running, then closes every connection. */
  close(): Promise<void>;
}

/**
 * Opens a pool per schema. Schemas that share one URL still have pools of their own, so that no code can come to rely on
 * their being one database. Nothing connects until it is used, and a server that goes away costs only the statements that
 * were running on it.
 *
 * The server's own time-outs are set on every session, well below the deadline of a global transaction: a process that was
 * stopped between UPDATE and COMMIT must not keep the row locks that every payment needs.
 */
export function createPools(urls: DatabaseUrls, options: PoolOptions = {}): Pools {
  const pools = {
    orders: createOne('orders', urls, options),
    accounts: createOne('accounts', urls, options),
    points: createOne('points', urls, options),
    accounting: createOne('accounting', urls, options),
  };
  return {
    databases: {
      orders: pools.orders.database,
      accounts: pools.accounts.database,
      points: pools.points.database,
      accounting: pools.accounting.database,
    },
    admitLater: (schema, error, admit) => {
      pools[schema].admitLater(error, admit);
    },
    close: async () => {
      await Promise.all(SCHEMAS.map((schema) => pools[schema].close()));
    },
  };
}

interface OnePool<S extends SchemaName> extends Pick<Watched<S>, 'database' | 'admitLater'> {
  close(): Promise<void>;
}

function createOne<S extends SchemaName>(schema: S, urls: DatabaseUrls, options: PoolOptions): OnePool<S> {
  const pool = createPool(urls[schema], silenceMs(schema, options), options);
  const probe = (): Promise<void> => connectOnce(urls[schema]);
  const hasSessions = (): boolean => sessionsOf(pool) > 0;
  const watching = watched(database(schema, pool, options.plans === 'by_index' ? 'once' : undefined), {
    probe,
    hasSessions,
    onChange: options.onReach,
  });
  return {
    database: watching.database,
    admitLater: watching.admitLater,
    close: async () => {
      watching.stop();
      await pool.destroy();
    },
  };
}

const STATEMENT_TIMEOUT_MS = 3_000;
/** The books are not in the way of a payment, and a trial balance allows itself so long. */
const BOOKS_STATEMENT_TIMEOUT_MS = 30_000;
const SILENCE_MARGIN_MS = 2_000;

/** How long a connection may stay silent after something was sent over it: somewhat longer than any statement may take. */
function silenceMs(schema: SchemaName, options: PoolOptions): number {
  const statementMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  return Math.max(statementMs, schema === 'accounting' ? BOOKS_STATEMENT_TIMEOUT_MS : 0) + SILENCE_MARGIN_MS;
}

function createPool(url: string, silenceMs: number, options: PoolOptions): Knex {
  const acquireTimeoutMs = options.acquireTimeoutMs ?? 5_000;
  const pool = knexModule({
    client: 'pg',
    // knex asks every new connection for the server's version unless it is told one; all that it does for PostgreSQL is
    // the same from 14 on.
    version: '14',
    connection: sessionSettings(url, options, acquireTimeoutMs),
    acquireConnectionTimeout: acquireTimeoutMs,
    log: quietLog(options.onTrouble ?? (() => undefined)),
    pool: { min: 0, max: options.size ?? 10, idleTimeoutMillis: 30_000, afterCreate: breakWhenSilent(silenceMs) },
  });
  return shareWhenFull(pool, systemClock);
}

/**
 * Breaks a connection over which something was sent and nothing comes back, so that whoever uses it gets `Unavailable`. A
 * host that vanished, or a firewall that has forgotten the connection, cannot send the server's time-outs; TCP itself gives
 * up after a quarter of an hour, and every list behind the one that hangs would wait for that.
 */
function breakWhenSilent(silenceMs: number) {
  return (client: Client, done: (error?: Error) => void): void => {
    const { stream } = client.connection;
    if (stream instanceof Socket) {
      stream.setTimeout(silenceMs);
      // Not as an argument of setTimeout: it would be told of the first silence only, which is that of an idle connection.
      stream.on('timeout', () => {
        // Several statements may be on their way, and the answer to the first says nothing of the last.
        if (!(client as Client & { readonly readyForQuery: boolean }).readyForQuery) stream.destroy();
      });
    }
    done();
  };
}

/** knex would write to the console. */
function quietLog(tell: (sentence: string) => void): Knex.Logger {
  const say = (message: unknown): void => {
    tell(String(message));
  };
  return { warn: say, error: say, deprecate: say, debug: () => undefined };
}

/**
 * Every statement of a payment reads few rows of large tables through an index. The planner must not choose otherwise
 * because a table was small or its statistics were old when a statement was prepared: the plan of a prepared statement stays
 * until the next ANALYZE, and one that was made on an empty table scans it while it grows to thousands of rows.
 */
const PLAN_BY_INDEX = ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `-c enable_${way}=off`).join(' ');

function sessionSettings(url: string, options: PoolOptions, connectTimeoutMs: number): Knex.PgConnectionConfig {
  const settings = {
    connectionString: url,
    application_name: options.applicationName ?? 'quittance',
    statement_timeout: options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS,
    lock_timeout: options.lockTimeoutMs ?? 2_000,
    idle_in_transaction_session_timeout: options.idleInTransactionTimeoutMs ?? 5_000,
    connectionTimeoutMillis: connectTimeoutMs,
    // Statements of a transaction that do not wait for each other go out together (see consistency/transaction.ts).
    pipeline: true,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    options: `-c timezone=UTC ${options.plans === 'by_index' ? PLAN_BY_INDEX : ''}`,
    types: exactTypes(),
  };
  return settings as Knex.PgConnectionConfig;
}

const OID = { int8Array: 1016, numericArray: 1231, uuidArray: 2951, textArray: 1009, date: 1082 } as const;

/**
 * Arrays of numeric and bigint come as lists of strings, as single ones do: as floats they would lose digits of money. A
 * date stays the text that it is, because as a Date it would shift with the process's time zone.
 */
function exactTypes(): TypeOverrides {
  const overrides = new TypeOverrides();
  const strings = overrides.getTypeParser(OID.textArray) as unknown as (text: string) => string[];
  for (const oid of [OID.int8Array, OID.numericArray, OID.uuidArray]) overrides.setTypeParser(oid, strings);
  overrides.setTypeParser(OID.date, (text: string) => text);
  return overrides;
}
