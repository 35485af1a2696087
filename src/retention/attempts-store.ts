import { filtered } from '../consistency/by-key';
import { LOWEST_ID, clean, cleaningStatement, daysAgo, leastIdSince } from '../consistency/retention-store';
import { type Database, inTransaction, statement } from '../consistency/transaction';
import type { Kind } from './retention';

const ended = (days: string): string => `n.status <> 'scheduled' and n.ended_at < ${daysAgo(days)}`;

/** Attempts are the story of an incident while that is open. */
export const OLD_ATTEMPTS = statement(
  'orders.notification_attempts.old',
  `with page as materialized (
     select distinct notification_id from orders.notification_attempts
      where notification_id > $2 and notification_id < ${leastIdSince('$1::int')} order by notification_id limit $3)
   select n.id as key,
          (${ended('$1::int')}
           and not exists (select from orders.incidents i where i.order_id = n.order_id and i.status = 'open')) as ended
     from page join orders.notifications n on n.id = page.notification_id
    order by n.id`,
);

/** A notification that is sent again goes on counting, so it says how many attempts are not recorded any more. */
const CLEAN = cleaningStatement(
  'orders',
  'attempts',
  `locked as materialized (
     select n.id from orders.notifications n
      where n.id = any($1::uuid[]) and ${filtered(ended('$2::int'))} order by n.id for update skip locked),
   counted as (
     update orders.notifications n set attempts_cleaned = n.attempts from locked where n.id = locked.id),
   gone as (
     delete from orders.notification_attempts a using locked where a.notification_id = locked.id
     returning a.notification_id as key)`,
);

const OLDEST = statement(
  'orders.notification_attempts.oldest',
  'select notification_id as key from orders.notification_attempts order by notification_id limit 1',
);

/** Attempts of notifications that have ended. The notifications stay, and with them how they ended and how often it was tried. */
export function attemptsOfEnded({ db, days }: { readonly db: Database<'orders'>; readonly days: number }): Kind {
  return {
    name: 'attempts',
    days,
    look: async (after, limit) => {
      const rows = await db.query<{ key: string; ended: boolean }>(OLD_ATTEMPTS, [days, after ?? LOWEST_ID, limit]);
      const finished = rows.filter((row) => row.ended).map((row) => row.key);
      return { last: rows.at(-1)?.key, looked: rows.length, finished };
    },
    clean: (ids) => inTransaction(db, 'retention.attempts', (tx) => clean(tx, CLEAN, [ids, days])),
    oldest: async () => (await db.query<{ key: string }>(OLDEST))[0]?.key,
  };
}
