import type { Writable } from 'node:stream';
import type { Knex } from 'knex';
import type { PoolClient, QueryResult } from 'pg';
import { Unavailable } from '../core/errors';
import { arrayAsText } from './array-text';
import { reaching } from './database-errors';

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
  /**
   * Says that nothing more will be sent: COMMIT goes out right behind what was, instead of when its answers are there. What
   * is still under way may be awaited afterwards; whatever of it fails makes the whole transaction fail.
   */
  finish(): void;
  /**
   * Resolves when the server has answered BEGIN. What goes out right behind a BEGIN that fails (cancelled, say) is run by the
   * server nevertheless, each statement by itself; nothing goes out after that. Whoever writes with the first statements what
   * is wrong without those that follow waits for this before.
   */
  readonly begun: Promise<void>;
}

export type Isolation = 'read committed' | 'repeatable read';

/** A pool on one schema. Reading without a transaction is allowed. */
export interface Database<S extends SchemaName = SchemaName> extends Queryable<S> {
  readonly knex: Knex;
  /** Runs one statement that writes, as a transaction of its own: committed when this resolves. */
  write<R extends object = Row>(statement: Statement, values?: readonly unknown[]): Promise<R[]>;
  /** What `inTransaction` does. */
  transact<R>(name: string, work: (tx: Tx<S>) => Promise<R>, isolation: Isolation): Promise<R>;
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

/**
 * Wraps a knex pool as one of the four databases.
 * @param plans how statements of a transaction are planned: `once` per connection without their values, or as the server likes
 */
export function database<S extends SchemaName>(schema: S, knex: Knex, plans?: 'once'): Database<S> {
  const connections = knex.client as Connections;
  const onConnection = <R>(work: (client: PooledClient) => Promise<R>): Promise<R> =>
    reaching(schema, async () => {
      const client = await connect(schema, connections);
      try {
        return await work(client);
      } catch (error) {
        if (isReadOnly(error)) client.__knex__disposed = error;
        throw error;
      } finally {
        await connections.releaseConnection(client);
      }
    });
  const query = <R extends object>(sql: Statement, values: readonly unknown[] = []): Promise<R[]> =>
    onConnection((client) => submit<R>(client, sql, values));
  return {
    schema,
    knex,
    query,
    write: query,
    transact: (_name, work, isolation) => {
      const begin = plans === 'once' ? `${BEGIN[isolation]}; ${PLAN_ONCE}` : BEGIN[isolation];
      return onConnection((client) => transactOn(schema, client, work, begin));
    },
  };
}

/** Whatever keeps us out, a password that was changed too, is an outage: nothing was done, and somebody will let us in again. */
async function connect(schema: SchemaName, connections: Connections): Promise<PooledClient> {
  try {
    return await connections.acquireConnection();
  } catch (error) {
    throw new Unavailable(`database ${schema}`, error);
  }
}

/**
 * A session that began while its database was read-only, or on a server that has been replaced, can stay so for ever; one
 * that begins now finds out. A pool that is always busy would keep it otherwise.
 */
function isReadOnly(error: unknown): boolean {
  const reason = error instanceof Unavailable ? error.cause : error;
  return reason instanceof Error && 'code' in reason && reason.code === '25006';
}

/**
 * One local transaction: all of `work` or nothing of it, committed when this resolves.
 * @param name what it does, `<concept>.<what>`: a literal that no other call has, so that tests can stop a process exactly here
 * @throws Unavailable where the database could not be reached or gave up (time-out, deadlock, shutdown): what was
 * committed, if anything, is then unknown, and the caller reads the state again
 */
export function inTransaction<S extends SchemaName, R>(
  db: Database<S>,
  name: string,
  work: (tx: Tx<S>) => Promise<R>,
  isolation: Isolation = 'read committed',
): Promise<R> {
  return db.transact(name, work, isolation);
}

const BEGIN: Readonly<Record<Isolation, string>> = {
  'read committed': 'begin isolation level read committed',
  'repeatable read': 'begin isolation level repeatable read',
};

/**
 * Left to itself the server plans a statement anew for each short list, because it expects less of one element than of the ten
 * that it expects of a list it does not know, and planning costs more than carrying it out. What reads by filters that may be
 * missing runs without a transaction, and is planned with its values.
 */
const PLAN_ONCE = 'set local plan_cache_mode = force_generic_plan';

/**
 * BEGIN goes out with the first statement and COMMIT behind the last, because what a list costs is for a good part how often
 * the two processes wake each other: a step of nine statements takes three round trips instead of eleven.
 *
 * Nothing is committed that failed: after an error the server refuses whatever follows and answers the COMMIT with ROLLBACK,
 * also where the code that caught the error went on, or where COMMIT had gone out already (`finish`). A BEGIN that fails makes
 * every statement fail for whoever waits for it (see `begun`).
 */
async function transactOn<S extends SchemaName, R>(
  schema: S,
  client: PooledClient,
  work: (tx: Tx<S>) => Promise<R>,
  begin: string,
): Promise<R> {
  const failures: unknown[] = [];
  const noting = <Q>(answer: Promise<Q>): Promise<Q> => {
    answer.catch((error: unknown) => failures.push(error));
    return answer;
  };
  let committing: Promise<string> | undefined;
  const commit = (): Promise<string> => (committing ??= noting(control(client, 'commit')));
  const query = <Q extends object>(sql: Statement, values: readonly unknown[] = []): Promise<Q[]> => {
    if (committing !== undefined)
      return noting(Promise.reject(new Error(`${sql.name} comes after the end of its transaction`)));
    const answer = reaching(schema, () => submit<Q>(client, sql, values));
    answer.catch(() => undefined);
    return noting(begun.then(() => answer));
  };
  const send = (sql: Statement, values: readonly unknown[] = []): void => {
    void query(sql, values).catch(() => undefined);
  };
  const begun = noting(reaching(schema, () => control(client, begin))).then(() => undefined);
  begun.catch(() => undefined);
  try {
    const finish = (): void => void commit().catch(() => undefined);
    const result = await work({ schema, query, send, finish, begun } as Tx<S>);
    if (failures.length > 0) throw failures[0];
    const ended = await commit();
    if (failures.length > 0) throw failures[0];
    if (ended !== 'COMMIT') throw new Error(`the transaction was ended by ${ended}`);
    return result;
  } catch (error) {
    await control(client, 'rollback').catch((reason: unknown) => (client.__knex__disposed = reason));
    // What follows a statement that failed fails for that reason only.
    throw failures[0] ?? error;
  }
}

/** @returns the command that the server says it has carried out, the last of several */
async function control(client: PooledClient, text: string): Promise<string> {
  gatherWrites(client);
  const results = [await client.query(text)].flat();
  return results.at(-1)?.command ?? '';
}

async function submit<R>(client: PooledClient, sql: Statement, values: readonly unknown[]): Promise<R[]> {
  gatherWrites(client);
  const result: QueryResult = await client.query({ name: sql.name, text: sql.text, values: values.map(arrayAsText) });
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
