import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { gather } from '../core/gather';
import type { Sealer } from '../core/sealing';
import {
  type Attempt,
  type BegunRow,
  type KeyRow,
  finishKeys,
  forgetKeys,
  insertKeys,
  readKeys,
  takeOverKeys,
} from './idempotency-store';

/** What a request meets under its key. */
export type Begun =
  | { readonly kind: 'begun'; readonly lease: string }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  | { readonly kind: 'running' }
  | { readonly kind: 'other_content' };

export interface KeptAnswer {
  readonly status: number;
  readonly body: string;
}

export interface IdempotencyKeys {
  begin(attempt: Attempt): Promise<Begun>;
  /** Keeps the answer, or frees the key where there is none to keep. */
  finish(attempt: Attempt, lease: string, answer: KeptAnswer | undefined): Promise<void>;
  /** Deletes keys that are older than this; at most `limit`; returns how many. */
  forget(olderThanHours: number, limit: number): Promise<number>;
}

/**
 * The answers of requests that carried a key. They are sealed, because some show a secret that is shown once and kept
 * nowhere else in clear.
 */
export function createIdempotencyKeys(deps: {
  readonly db: Database<'orders'>;
  readonly sealer: Sealer;
}): IdempotencyKeys {
  const { db, sealer } = deps;
  const begin = gather(
    (list: readonly Attempt[]) => inTransaction(db, 'idempotency.begin', (tx) => beginList(tx, list)),
    {
      step: 'idempotency.begin',
      cap: 100,
      room: 5_000,
    },
  );
  const finish = gather(
    async (list: readonly Parameters<typeof finishKeys>[1][number][]) => {
      await inTransaction(db, 'idempotency.finish', (tx) => finishKeys(tx, list));
      return list;
    },
    { step: 'idempotency.finish', cap: 100, room: 5_000 },
  );
  return {
    begin: async (attempt) => {
      const found = await begin(attempt);
      if (found.kind !== 'answered') return found;
      return {
        kind: 'answered',
        answer: { ...found.answer, body: sealer.open(found.answer.body, contextOf(attempt)) },
      };
    },
    finish: async ({ caller, key, contentHash }, lease, answer) => {
      const context = contextOf({ caller, key, contentHash });
      const kept =
        answer === undefined ? null : { status: answer.status, sealedBody: sealer.seal(answer.body, context) };
      await finish({ caller, key, lease, answer: kept });
    },
    forget: (olderThanHours, limit) =>
      inTransaction(db, 'idempotency.forget', (tx) => forgetKeys(tx, olderThanHours, limit)),
  };
}

/** Insert, then read: two statements in this order, so that a request that races another one meets it. */
async function beginList(tx: Tx<'orders'>, list: readonly Attempt[]): Promise<readonly Begun[]> {
  const inserted = await insertKeys(tx, list);
  const begun = new Map<string, string>(inserted.map((row: BegunRow) => [nameOf(row), row.lease]));
  const met = list.filter((one) => !begun.has(nameOf(one)));
  if (met.length > 0) for (const row of await takeOverKeys(tx, met)) begun.set(nameOf(row), row.lease);
  const known = begun.size === list.length ? [] : await readKeys(tx, list);
  const rows = new Map<string, KeyRow>(known.map((row) => [nameOf(row), row]));
  return list.map((one) => {
    const row = rows.get(nameOf(one));
    if (row !== undefined && row.content_hash !== one.contentHash) return { kind: 'other_content' };
    const lease = begun.get(nameOf(one));
    // Of two requests with one key in one list, the first has begun and the second meets it.
    if (lease !== undefined && begun.delete(nameOf(one))) return { kind: 'begun', lease };
    if (row === undefined || row.status === null || row.body === null) return { kind: 'running' };
    return { kind: 'answered', answer: { status: row.status, body: row.body } };
  });
}

function nameOf(one: { readonly caller: string; readonly key: string }): string {
  return `${one.caller} ${one.key}`;
}

function contextOf(attempt: Attempt): string {
  return `idempotency/${nameOf(attempt)}`;
}
