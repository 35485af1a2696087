import { columnsOf } from '../consistency/columns';
import { type Tx, statement } from '../consistency/transaction';

/** A request that wants to run under a key. */
export interface Attempt {
  readonly caller: string;
  readonly key: string;
  readonly contentHash: string;
}

/** A request that has run: its answer is kept, or (null) the key is given free for a retry. */
export interface Finished {
  readonly caller: string;
  readonly key: string;
  readonly lease: string;
  readonly answer: { readonly status: number; readonly sealedBody: string } | null;
}

export interface BegunRow {
  readonly caller: string;
  readonly key: string;
  readonly lease: string;
}

export interface KeyRow {
  readonly caller: string;
  readonly key: string;
  readonly content_hash: string;
  readonly status: number | null;
  readonly body: string | null;
}

/**
 * Longer than any request may run: the statements and waits of a request end well before it. A process that died leaves
 * its key locked for no longer than this.
 */
const LEASE = `interval '30 seconds'`;

const INSERT = statement(
  'orders.idempotency_keys.insert',
  `insert into orders.idempotency_keys (caller, key, content_hash, lease_until)
   select a.caller, a.key, a.content_hash, clock_timestamp() + ${LEASE}
     from unnest($1::text[], $2::text[], $3::text[]) as a(caller, key, content_hash)
    order by a.caller, a.key
   on conflict do nothing
   returning caller, key, lease_until::text as lease`,
);
const attemptColumns = columnsOf<Attempt>(
  (attempt) => attempt.caller,
  (attempt) => attempt.key,
  (attempt) => attempt.contentHash,
);
const TAKE_OVER = statement(
  'orders.idempotency_keys.take_over',
  `update orders.idempotency_keys k
      set lease_until = clock_timestamp() + ${LEASE}
     from unnest($1::text[], $2::text[], $3::text[]) as a(caller, key, content_hash)
    where k.caller = a.caller and k.key = a.key and k.content_hash = a.content_hash
      and k.status is null and k.lease_until < clock_timestamp()
   returning k.caller, k.key, k.lease_until::text as lease`,
);
const READ = statement(
  'orders.idempotency_keys.read',
  `select k.caller, k.key, k.content_hash, k.status, k.body
     from orders.idempotency_keys k
     join unnest($1::text[], $2::text[]) as a(caller, key) on k.caller = a.caller and k.key = a.key`,
);
const keyColumns = columnsOf<Attempt>(
  (attempt) => attempt.caller,
  (attempt) => attempt.key,
);
const KEEP = statement(
  'orders.idempotency_keys.keep',
  `update orders.idempotency_keys k
      set status = f.status, body = f.body
     from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::text[]) as f(caller, key, lease, status, body)
    where k.caller = f.caller and k.key = f.key and k.lease_until = f.lease::timestamptz and k.status is null`,
);
const keptColumns = columnsOf<Finished>(
  (one) => one.caller,
  (one) => one.key,
  (one) => one.lease,
  (one) => one.answer?.status,
  (one) => one.answer?.sealedBody,
);
const FREE = statement(
  'orders.idempotency_keys.free',
  `delete from orders.idempotency_keys k
    using unnest($1::text[], $2::text[], $3::text[]) as f(caller, key, lease)
    where k.caller = f.caller and k.key = f.key and k.lease_until = f.lease::timestamptz and k.status is null`,
);
const leaseColumns = columnsOf<Finished>(
  (one) => one.caller,
  (one) => one.key,
  (one) => one.lease,
);
const FORGET = statement(
  'orders.idempotency_keys.forget',
  `delete from orders.idempotency_keys
    where (caller, key) in (
      select caller, key from orders.idempotency_keys
       where created_at < clock_timestamp() - $1::int * interval '1 hour'
       order by created_at limit $2)
   returning key`,
);

/** Inserts the keys that are new, in their order, so that two lists with the same keys do not wait for each other in a ring. */
export function insertKeys(tx: Tx<'orders'>, attempts: readonly Attempt[]): Promise<BegunRow[]> {
  return tx.query<BegunRow>(INSERT, attemptColumns(attempts));
}

/** Takes over keys of the same content whose request never ended. */
export function takeOverKeys(tx: Tx<'orders'>, attempts: readonly Attempt[]): Promise<BegunRow[]> {
  return tx.query<BegunRow>(TAKE_OVER, attemptColumns(attempts));
}

export function readKeys(tx: Tx<'orders'>, attempts: readonly Attempt[]): Promise<KeyRow[]> {
  return tx.query<KeyRow>(READ, keyColumns(attempts));
}

/** Writes the answers, and frees the keys without one, wherever the lease is still the request's own. */
export async function finishKeys(tx: Tx<'orders'>, finished: readonly Finished[]): Promise<void> {
  const kept = finished.filter((one) => one.answer !== null);
  const freed = finished.filter((one) => one.answer === null);
  if (kept.length > 0) await tx.query(KEEP, keptColumns(kept));
  if (freed.length > 0) await tx.query(FREE, leaseColumns(freed));
}

/** Deletes keys older than this, oldest first; returns how many. */
export async function forgetKeys(tx: Tx<'orders'>, olderThanHours: number, limit: number): Promise<number> {
  return (await tx.query(FORGET, [olderThanHours, limit])).length;
}
