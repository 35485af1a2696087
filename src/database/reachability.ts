import { Client, DatabaseError } from 'pg';
import { isOutage } from '../consistency/database-errors';
import type { Database, SchemaName } from '../consistency/transaction';
import { type Jitter, systemJitter } from '../core/backoff';
import { systemClock } from '../core/clock';
import { Away, Unavailable } from '../core/errors';
import { isFull } from './full-server';

/**
 * Terminology
 * - away: nobody answers where the database is, or what answers takes no connections (it starts, stops or is full). A
 *   database that answers with an error of its own (read-only, a time-out) is not away, nor is a full one for a pool that has
 *   sessions.
 * - probe: one new connection, made and closed.
 */
export type ReachChange =
  { readonly kind: 'away'; readonly error: unknown } | { readonly kind: 'back'; readonly awayMs: number };

export type ReachListener = (schema: SchemaName, change: ReachChange) => void;

export interface ReachabilityTools {
  /** Resolves where the database is there; rejects where it is away. */
  readonly probe: () => Promise<void>;
  /** Whether there are sessions to go on with. */
  readonly hasSessions: () => boolean;
  readonly onChange?: ReachListener | undefined;
  readonly jitter?: Jitter;
  readonly everyMs?: number;
}

/** What a database must pass before anything else is asked of it; gets it unwatched. */
export type Admit = (db: Database) => Promise<void>;

export interface Watched<S extends SchemaName> {
  /** The database, which fails at once with `Away` while it is away. */
  readonly database: Database<S>;
  /** Has it count as away because of `error` until `admit` resolves, which is tried in place of the first probes. */
  readonly admitLater: (error: unknown, admit: Admit) => void;
  /** Probes no more. */
  stop(): void;
}

const PROBE_EVERY_MS = 1_000;

/**
 * Watches one database. A statement that fails with `Unavailable` raises the suspicion that the database is away; a probe
 * confirms it or not. While it is away statements fail at once with `Away`, and one probe about every second, not the load,
 * finds out that it is back. So callbacks are answered without waiting for time-outs, nothing piles up in front of a database
 * that is not there, and one that comes up is met by a single connection per process.
 *
 * A payment pays for it with one comparison per statement.
 */
export function watched<S extends SchemaName>(db: Database<S>, tools: ReachabilityTools): Watched<S> {
  const jitter = tools.jitter ?? systemJitter;
  let away: { readonly error: unknown; readonly since: number } | undefined;
  let admission: Admit | undefined;
  let probing = false;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const found = (error: unknown): void => {
    if (away !== undefined) return;
    away = { error, since: systemClock.elapsed() };
    tools.onChange?.(db.schema, { kind: 'away', error });
  };
  const back = (): void => {
    if (away === undefined) return;
    const awayMs = Math.round(systemClock.elapsed() - away.since);
    away = undefined;
    tools.onChange?.(db.schema, { kind: 'back', awayMs });
  };
  /** Whoever has sessions can do without another. */
  const canDoWithout = (error: unknown): boolean => isFull(error) && tools.hasSessions();
  const attempt = async (): Promise<void> => {
    const admitting = admission;
    await (admitting === undefined ? tools.probe() : admitting(db));
    if (admission !== admitting) throw new Error('the database has not been admitted yet');
    admission = undefined;
  };
  const probe = async (): Promise<void> => {
    try {
      await attempt();
      probing = false;
      back();
    } catch (error) {
      if (stopped) return;
      if (admission === undefined && canDoWithout(error)) {
        probing = false;
        back();
        return;
      }
      found(error);
      // From 80 % to 120 %, so that processes that lost it together do not come back together.
      const ms = (tools.everyMs ?? PROBE_EVERY_MS) * (0.8 + 0.4 * jitter());
      timer = setTimeout(() => void probe(), ms).unref();
    }
  };
  const begin = (): void => {
    if (probing || stopped) return;
    probing = true;
    void probe();
  };
  const asking = async <R>(ask: () => Promise<R>): Promise<R> => {
    if (away !== undefined) throw new Away(db.schema, away.error);
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Unavailable && !canDoWithout(error.cause)) begin();
      throw error;
    }
  };
  return {
    database: {
      ...db,
      query: (sql, values) => asking(() => db.query(sql, values)),
      write: (sql, values) => asking(() => db.write(sql, values)),
      transact: (name, work, isolation) => asking(() => db.transact(name, work, isolation)),
    },
    admitLater: (error, admit) => {
      admission = admit;
      found(error);
      begin();
    },
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** A host that vanished answers nothing at all; a server that is there takes a connection within milliseconds. */
const CONNECT_MS = 2_000;

/** Makes a connection and closes it. @throws where the database is away */
export async function connectOnce(url: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'quittance probe',
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    if (isAway(error)) throw error;
  } finally {
    void client.end().catch(() => undefined);
  }
}

/** Whether a connection failed because nobody is there, and not because of what the server has to say about it. */
export function isAway(error: unknown): boolean {
  // Class 57 is the operator's: a server that starts up, shuts down or has crashed takes no connections.
  if (error instanceof DatabaseError) return (error.code ?? '').startsWith('57') || isFull(error);
  return error instanceof Error && isOutage(error);
}
