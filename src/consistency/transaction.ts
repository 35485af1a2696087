import type { Knex } from 'knex';
import type { PoolClient, QueryResult } from 'pg';
import { Unavailable } from '../core/errors';

/**
 * Terminology
 * - database: one of the four schemas with its own pool and its own URL; no statement and no transaction spans two.
 * - Tx: an open transaction on one of them. Every write takes one; there is no fallback to the pool.
 * - statement: a named text that the server parses and plans once per connection (a prepared statement).
 */
export const SCHEMAS = ['orders', 'accounts', 'points', 'accounting'] as const;
export type SchemaName = (typeof SCHEMAS)[number];

export interface Statement {
  readonly name: string;
  readonly text: string;
}

export type Row = Record<string, unknown>;

/** Runs a statement; lists go in as arrays for `unnest`, amounts as decimal strings. */
export interface Queryable<S extends SchemaName = SchemaName> {
  readonly schema: S;
  query<R extends object = Row>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
}

declare const txBrand: unique symbol;
/** An open transaction. Only `inTransaction` makes one. */
export interface Tx<S extends SchemaName = SchemaName> extends Queryable<S> {
  readonly [txBrand]: true;
}

/** A pool on one schema. Reading without a transaction is allowed; writing is done through `inTransaction`. */
export interface Database<S extends SchemaName = SchemaName> extends Queryable<S> {
  readonly knex: Knex;
}

export type Databases = { readonly [S in SchemaName]: Database<S> };

/** Names a statement for preparation. The name must be unique to the text: it is the key of the server's plan. */
export function statement(name: string, text: string): Statement {
  return { name, text };
}

/** The part of knex that hands out the driver's own connections; knex types it as `any`. */
interface Connections {
  acquireConnection(): Promise<PoolClient>;
  releaseConnection(connection: PoolClient): Promise<void>;
}

/** Wraps a knex pool as one of the four databases. */
export function database<S extends SchemaName>(schema: S, knex: Knex): Database<S> {
  return {
    schema,
    knex,
    query: async <R extends object>(sql: Statement, values: readonly unknown[] = []): Promise<R[]> => {
      const connections = knex.client as Connections;
      const client = await reaching(schema, () => connections.acquireConnection());
      try {
        return await run<R>(schema, client, sql, values);
      } finally {
        await connections.releaseConnection(client);
      }
    },
  };
}

/**
 * One local transaction: all of `work` or nothing of it, committed when this resolves.
 *
 * The callback form of knex is used because `await trx.commit()` resolves even when COMMIT fails. A statement that failed
 * has aborted the transaction on the server, and a callback that catches the error and returns would resolve with nothing
 * done: such a transaction is made to fail here.
 * @throws Unavailable where the database could not be reached or gave up (time-out, deadlock, shutdown): what was
 * committed, if anything, is then unknown, and the caller reads the state again
 */
export async function inTransaction<S extends SchemaName, R>(
  db: Database<S>,
  work: (tx: Tx<S>) => Promise<R>,
  isolation: 'read committed' | 'repeatable read' = 'read committed',
): Promise<R> {
  return reaching(db.schema, () =>
    db.knex.transaction(
      async (trx) => {
        const client = await (trx.client as Connections).acquireConnection();
        let failure: unknown;
        const query = async <Q extends object>(sql: Statement, values: readonly unknown[] = []): Promise<Q[]> => {
          try {
            return await run<Q>(db.schema, client, sql, values);
          } catch (error) {
            failure = error;
            throw error;
          }
        };
        const result = await work({ schema: db.schema, query } as Tx<S>);
        if (failure !== undefined) throw failure as Error;
        return result;
      },
      { isolationLevel: isolation },
    ),
  );
}

async function run<R>(
  schema: SchemaName,
  client: PoolClient,
  sql: Statement,
  values: readonly unknown[],
): Promise<R[]> {
  const result: QueryResult = await reaching(schema, () =>
    client.query({ name: sql.name, text: sql.text, values: values as unknown[] }),
  );
  return result.rows as R[];
}

/** SQLSTATE classes after which the same work may succeed: PostgreSQL's documentation, appendix A. */
const TRANSIENT_CLASSES = new Set(['08', '53', '57', '58']);
const TRANSIENT_STATES = new Set(['40001', '40P01', '55P03', '25P03', '25P04', '25006']);
const NETWORK_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

async function reaching<R>(schema: SchemaName, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && isOutage(error)) throw new Unavailable(`database ${schema}`, error);
    throw error;
  }
}

function isOutage(error: Error & { code?: unknown }): boolean {
  if (error instanceof Unavailable) return false;
  const code = typeof error.code === 'string' ? error.code : '';
  if (NETWORK_ERRORS.has(code)) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return TRANSIENT_STATES.has(code) || TRANSIENT_CLASSES.has(code.slice(0, 2));
  return (
    error.name === 'KnexTimeoutError' ||
    error.name === 'AggregateError' ||
    /Connection terminated|Client has encountered a connection error|timeout expired|Unable to acquire a connection|aborted/i.test(
      error.message,
    )
  );
}

/** The name of the constraint that a write violated, undefined where the error is another. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('constraint' in error)) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}
