import { setTimeout as pause } from 'node:timers/promises';
import type { Knex } from 'knex';
import { type Client, DatabaseError } from 'pg';
import type { Clock } from '../core/clock';

/**
 * Terminology
 * - full: a server that is there and refuses one more session, because it, the database or the role has as many as it may.
 *   A pool that has sessions goes on with them; one that has none has lost its database.
 */
const TOO_MANY_CONNECTIONS = '53300';

/** Whether a connection was refused because the server is full. */
export function isFull(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === TOO_MANY_CONNECTIONS;
}

/** The parts of knex and of its pool that this needs; knex types them as `any`. */
interface Connecting {
  readonly pool: { numUsed(): number; numFree(): number; numPendingAcquires(): number };
  acquireRawConnection(): Promise<Client>;
}

/** How many sessions a pool has. */
export function sessionsOf(knex: Knex): number {
  const { pool } = knex.client as Connecting;
  return pool.numUsed() + pool.numFree();
}

/** A full server is asked for one more session twice a second, however many callers would like one. */
const KNOCK_EVERY_MS = 500;
const LOOK_EVERY_MS = 50;

/**
 * While the server is full, callers share the sessions that the pool has: who would get a new one waits for one that is let
 * go of, as if the pool were no larger. Otherwise each of them would fail, by an attempt to connect of its own.
 */
export function shareWhenFull(knex: Knex, clock: Clock): Knex {
  const client = knex.client as Connecting;
  const connect = client.acquireRawConnection.bind(client);
  let connecting = 0;
  let refusal: { readonly error: Error; readonly knockAt: number } | undefined;
  const knock = async (): Promise<Client | undefined> => {
    if (refusal !== undefined) refusal = { ...refusal, knockAt: clock.elapsed() + KNOCK_EVERY_MS };
    connecting += 1;
    try {
      const session = await connect();
      refusal = undefined;
      return session;
    } catch (error) {
      if (!isFull(error)) throw error;
      refusal = { error, knockAt: clock.elapsed() + KNOCK_EVERY_MS };
      return undefined;
    } finally {
      connecting -= 1;
    }
  };
  const isAlone = (): boolean => sessionsOf(knex) + connecting === 0;
  client.acquireRawConnection = async () => {
    for (;;) {
      if (refusal === undefined || clock.elapsed() >= refusal.knockAt || isAlone()) {
        const session = await knock();
        if (session !== undefined) return session;
      }
      // A pool that begins asks for several at once: those that are refused wait for what becomes of the others.
      if (refusal !== undefined && (isAlone() || client.pool.numPendingAcquires() === 0)) throw refusal.error;
      await pause(LOOK_EVERY_MS);
    }
  };
  return knex;
}
