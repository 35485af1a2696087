import type { Writable } from 'node:stream';
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
  /**
   * Sends a statement whose rows nobody needs, without waiting for it: what follows, the COMMIT too, goes out right behind
   * it. The server runs them in this order, and a statement that fails makes the whole transaction fail.
   */
  send(statement: Statement, values?: readonly unknown[]): void;
}

export type Isolation = 'read committed' | 'repeatable read';

/** A pool on one schema. Reading without a transaction is allowed. */
export interface Database<S extends SchemaName = SchemaName> extends Queryable<S> {
  readonly knex: Knex;
  /** Runs one statement that writes, as a transaction of its own: committed when this resolves. */
  write<R extends object = Row>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
  /** What `inTransaction` does. */
  transact<R>(work: (tx: Tx<S>) => Promise<R>, isolation: Isolation): Promise<R>;
}

export type Databases = { readonly [S in SchemaName]: Database<S> };

/** Names a statement for preparation. The name must be unique to the text: it is the key of the server's plan. */
export function statement(name: string, text: string): Statement {
  return { name, text };
}

/** The part of knex that hands out the driver's own connections; knex types it as `any`. */
interface Connections {
  acquireConnection(): Promise<PooledClient>;
  releaseConnection(connection: PooledClient): Promise<void>;
}

/** knex takes a connection with this mark out of its pool when it comes back. */
type PooledClient = PoolClient & { __knex__disposed?: unknown };

/** Wraps a knex pool as one of the four databases. */
export function database<S extends SchemaName>(schema: S, knex: Knex): Database<S> {
  const connections = knex.client as Connections;
  const query = async <R extends object>(sql: Statement, values: readonly unknown[] = []): Promise<R[]> =>
    reaching(schema, async () => {
      const client = await connections.acquireConnection();
      try {
        return await submit<R>(client, sql, values);
      } finally {
        await connections.releaseConnection(client);
      }
    });
  return {
    schema,
    knex,
    query,
    write: query,
    transact: (work, isolation) =>
      reaching(schema, async () => {
        const client = await connections.acquireConnection();
        try {
          return await transactOn(schema, client, work, isolation);
        } finally {
          await connections.releaseConnection(client);
        }
      }),
  };
}

/**
 * One local transaction: all of `work` or nothing of it, committed when this resolves.
 * @throws Unavailable where the database could not be reached or gave up (time-out, deadlock, shutdown): what was
 * committed, if anything, is then unknown, and the caller reads the state again
 */
export function inTransaction<S extends SchemaName, R>(
  db: Database<S>,
  work: (tx: Tx<S>) => Promise<R>,
  isolation: Isolation = 'read committed',
): Promise<R> {
  return db.transact(work, isolation);
}

const BEGIN: Readonly<Record<Isolation, string>> = {
  'read committed': 'begin isolation level read committed',
  'repeatable read': 'begin isolation level repeatable read',
};

/**
 * BEGIN goes out with the first statement and COMMIT behind the last, because what a list costs is for a good part how often
 * the two processes wake each other: a step of nine statements takes three round trips instead of eleven.
 *
 * Nothing is committed that failed: after an error the server refuses whatever follows and answers the COMMIT with ROLLBACK,
 * also where the code that caught the error went on.
 */
async function transactOn<S extends SchemaName, R>(
  schema: S,
  client: PooledClient,
  work: (tx: Tx<S>) => Promise<R>,
  isolation: Isolation,
): Promise<R> {
  const failures: unknown[] = [];
  const noting = <Q>(answer: Promise<Q>): Promise<Q> => {
    answer.catch((error: unknown) => failures.push(error));
    return answer;
  };
  const query = <Q extends object>(sql: Statement, values: readonly unknown[] = []): Promise<Q[]> =>
    noting(reaching(schema, () => submit<Q>(client, sql, values)));
  const send = (sql: Statement, values: readonly unknown[] = []): void => {
    void query(sql, values).catch(() => undefined);
  };
  void noting(control(client, BEGIN[isolation])).catch(() => undefined);
  try {
    const result = await work({ schema, query, send } as Tx<S>);
    if (failures.length > 0) throw failures[0];
    const ended = await control(client, 'commit');
    if (failures.length > 0) throw failures[0];
    if (ended !== 'COMMIT') throw new Error(`the transaction was ended by ${ended}`);
    return result;
  } catch (error) {
    await control(client, 'rollback').catch((reason: unknown) => (client.__knex__disposed = reason));
    // What follows a statement that failed fails for that reason only.
    throw failures[0] ?? error;
  }
}

/** @returns the command that the server says it has carried out */
async function control(client: PooledClient, text: string): Promise<string> {
  gatherWrites(client);
  return (await client.query(text)).command;
}

async function submit<R>(client: PooledClient, sql: Statement, values: readonly unknown[]): Promise<R[]> {
  gatherWrites(client);
  const result: QueryResult = await client.query({ name: sql.name, text: sql.text, values: values as unknown[] });
  return result.rows as R[];
}

/** What is sent in the same tick goes out in one piece. */
function gatherWrites(client: PooledClient): void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  stream.cork();
  process.nextTick(() => {
    stream.uncork();
  });
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
