import type { Database } from '../consistency/transaction';

export interface PoolUsage {
  readonly size: number;
  readonly used: number;
  readonly free: number;
  /** Connections that are being made. */
  readonly pending: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

/** The part of knex's pool that counts; knex types its client as `any`. It is gone once the pool is closed. */
interface Pool {
  readonly max: number;
  numUsed(): number;
  numFree(): number;
  numPendingCreates(): number;
  numPendingAcquires(): number;
}

const CLOSED: PoolUsage = { size: 0, used: 0, free: 0, pending: 0, waiting: 0 };

export function usageOf(database: Database): PoolUsage {
  const { pool } = database.knex.client as { pool?: Pool };
  if (pool === undefined) return CLOSED;
  return {
    size: pool.max,
    used: pool.numUsed(),
    free: pool.numFree(),
    pending: pool.numPendingCreates(),
    waiting: pool.numPendingAcquires(),
  };
}
