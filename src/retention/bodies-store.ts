import { LOWEST_ID, clean, cleaningStatement, daysAgo, leastIdSince } from '../consistency/retention-store';
import { type Database, inTransaction, statement } from '../consistency/transaction';
import type { Kind } from './retention';

/**
 * Bodies that a person must look at are not among them, by the first column of the key. Of the others those stay that brought
 * money which has not arrived yet, or of which a person must look at the payment. That is read only where a body is old.
 */
export const OLD_BODIES = statement(
  'orders.callback_bodies.old',
  `with page as materialized (
     select id, stored_at from orders.callback_bodies
      where for_a_person = false and id > $2 and id < ${leastIdSince('$1::int')} order by id limit $3),
   open as materialized (
     select id from orders.receipts where status = 'waiting' and next_try_at is not null
     union all
     select receipt_id from orders.global_transactions
      where status in ('trying', 'confirming', 'cancelling') and next_try_at is not null
     union all
     select receipt_id from orders.incidents where status = 'open' and receipt_id is not null),
   needed as materialized (
     select e.callback_id from open join orders.inbox_events e on e.receipt_id = open.id)
   select p.id as key,
          (p.stored_at < ${daysAgo('$1::int')}
           and case when p.id in (select callback_id from needed) then false else true end) as ended
     from page p order by p.id`,
);

const CLEAN = cleaningStatement(
  'orders',
  'bodies',
  `locked as materialized (
     select id from orders.callback_bodies where for_a_person = false and id = any($1::uuid[])
      order by id for update skip locked),
   gone as (
     delete from orders.callback_bodies b using locked where b.for_a_person = false and b.id = locked.id
     returning b.id as key)`,
);

const OLDEST = statement(
  'orders.callback_bodies.oldest',
  'select id as key from orders.callback_bodies where for_a_person = false order by id limit 1',
);

/** Bodies of callbacks. Their events stay, with key, verdict and hash, so that a bank that repeats itself is known. */
export function oldBodies({ db, days }: { readonly db: Database<'orders'>; readonly days: number }): Kind {
  return {
    name: 'bodies',
    days,
    look: async (after, limit) => {
      const rows = await db.query<{ key: string; ended: boolean }>(OLD_BODIES, [days, after ?? LOWEST_ID, limit]);
      const finished = rows.filter((row) => row.ended).map((row) => row.key);
      return { last: rows.at(-1)?.key, looked: rows.length, finished };
    },
    clean: (ids) => inTransaction(db, 'retention.bodies', (tx) => clean(tx, CLEAN, [ids])),
    oldest: async () => (await db.query<{ key: string }>(OLDEST))[0]?.key,
  };
}
