import { type Database, type Databases, SCHEMAS, type SchemaName, statement } from './consistency/transaction';
import type { Readiness } from './http/health';

const ASK = statement('readiness', 'select 1');

/** A balancer has little patience, and what decides nothing must not use it up. */
const ANSWERS_WITHIN_MS: Readonly<Record<SchemaName, number>> = {
  orders: 3_000,
  accounts: 500,
  points: 500,
  accounting: 500,
};

/**
 * Ready is a process that is not stopping and reaches the orders: it takes callbacks in, and settles what does not need a
 * database that is away. The others are told and decide nothing: all processes share them, so that a balancer which heeded
 * them would turn every bank away because of one. A queue that is down makes work late, never lost.
 */
export function readiness(databases: Databases, isDraining: () => boolean): () => Promise<Readiness> {
  return async () => {
    if (isDraining()) return { ready: false, checks: { accepting: false } };
    const checks = await Promise.all(
      SCHEMAS.map(async (schema) => [schema, await answers(databases[schema], ANSWERS_WITHIN_MS[schema])] as const),
    );
    const found = Object.fromEntries(checks);
    return { ready: found['orders'] === true, checks: found };
  };
}

async function answers(db: Database, withinMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, withinMs, false);
  });
  const asked = db.query(ASK).then(
    () => true,
    () => false,
  );
  try {
    return await Promise.race([asked, tooLong]);
  } finally {
    clearTimeout(timer);
  }
}
