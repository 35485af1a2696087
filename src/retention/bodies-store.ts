import { LOWEST_ID, clean, cleaningStatement, daysAgo, leastIdSince } from '../consistency/retention-store';
import { type Database, type Tx, inTransaction, statement } from '../consistency/transaction';
import type { Kind } from './retention';

/** By the bodies of a month, `partition` in which the lowest key is `lower` and above which `upper` is. */
const MONTHS = `orders.months('orders.callback_bodies_timed')`;

/**
 * Rows are looked at one by one only where the whole month is past, and in what there was before the first month: a month
 * whose bodies have all served their time is dropped, and what was deleted row by row before that would be done twice.
 */
const PAST = `(select orders.past_until('orders.callback_bodies_timed', ${leastIdSince('$1::int')}))`;

/** Callbacks that brought money which has not arrived yet, or of which a person must look at the payment. */
const NEEDED = `
   open as materialized (
     select id from orders.receipts where status = 'waiting' and next_try_at is not null
     union all
     select receipt_id from orders.global_transactions
      where status in ('trying', 'confirming', 'cancelling') and next_try_at is not null
     union all
     select receipt_id from orders.incidents where status = 'open' and receipt_id is not null),
   needed as materialized (
     select e.callback_id from open join orders.inbox_events e on e.receipt_id = open.id)`;

/**
 * Bodies that a person must look at are not among them, by the first column of the key. Of the others those stay that are
 * needed. That is read only where a body is old.
 */
export const OLD_BODIES = statement(
  'orders.callback_bodies.old',
  `with page as materialized (
     select id, stored_at from orders.callback_bodies
      where for_a_person = false and id > $2 and id < ${PAST} order by id limit $3),
   ${NEEDED}
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

const ONE_DROPS = statement(
  'orders.callback_bodies.one_drops',
  `select pg_try_advisory_xact_lock(hashtextextended('quittance retention of bodies', 0)) as mine,
          set_config('lock_timeout', '200ms', true)`,
);

/**
 * The oldest month that is past by a day more than it must be, and has nothing in it that is needed: processes whose clocks were
 * a day behind could not have verified a callback, so no body in it was stored later.
 */
const PAST_MONTH = statement(
  'orders.callback_bodies.past_month',
  `with ${NEEDED}
   select m.partition::text as month, coalesce(m.lower, '${LOWEST_ID}') as lower, m.upper
     from ${MONTHS} m
    where m.upper <= ${leastIdSince('($1::int + 1)')} and (m.lower is not null or pg_relation_size(m.partition) > 0)
      and not exists (select from needed n
                       where n.callback_id >= coalesce(m.lower, '${LOWEST_ID}') and n.callback_id < m.upper)
    order by m.upper limit 1`,
);

interface PastMonth {
  readonly month: string;
  readonly lower: string;
  readonly upper: string;
}

const LOCK = statement(
  'orders.callback_bodies.lock_months',
  'lock table orders.callback_bodies_timed in access exclusive mode',
);

/** So many keys are counted by one statement, which none of a pool may take long for. */
const COUNTED_AT_ONCE = 50_000;
const COUNT = statement(
  'orders.callback_bodies.count_month',
  `with page as materialized (
     select id from orders.callback_bodies where for_a_person = false and id > $1::uuid and id < $2::uuid order by id limit $3)
   select (select count(*) from page)::int as rows, (select id from page order by id desc limit 1) as last`,
);

interface Counted {
  readonly rows: number;
  readonly last: string | null;
}

/** What `cleaningStatement` does, for all keys of a month. */
const MARK = statement(
  'orders.retention_marks.drop_bodies',
  `insert into orders.retention_marks as m (kind, through, cleaned) values ('bodies', $1::uuid, $2::bigint)
   on conflict (kind) do update
     set through = greatest(m.through, excluded.through), cleaned = m.cleaned + excluded.cleaned,
         cleaned_at = clock_timestamp()`,
);

const DROP = statement(
  'orders.callback_bodies.drop_month',
  `select orders.drop_month('orders.callback_bodies_timed', $1::text::regclass)`,
);

/**
 * Counts and marks the month, and only then takes the lock that keeps callbacks waiting for a moment: a month is looked at
 * again under it, because a payment in it may have become a matter for a person. A lock that is not given within 200 ms is
 * asked for an hour later.
 */
async function dropMonth(tx: Tx<'orders'>, days: number): Promise<number | undefined> {
  const [turn] = await tx.query<{ mine: boolean }>(ONE_DROPS);
  if (turn?.mine !== true) return undefined;
  const [past] = await tx.query<PastMonth>(PAST_MONTH, [days]);
  if (past === undefined) return undefined;
  const rows = await markAll(tx, past);
  await tx.query(LOCK);
  const [still] = await tx.query<PastMonth>(PAST_MONTH, [days]);
  if (still?.month !== past.month) throw new Error(`${past.month} has become needed while it was to be dropped`);
  await tx.query(DROP, [past.month]);
  return rows;
}

/** @returns how many bodies there are in the month */
async function markAll(tx: Tx<'orders'>, { lower, upper }: PastMonth): Promise<number> {
  let rows = 0;
  for (let after: string | null = lower; after !== null;) {
    const [page]: Counted[] = await tx.query<Counted>(COUNT, [after, upper, COUNTED_AT_ONCE]);
    after = page?.last ?? null;
    rows += page?.rows ?? 0;
    if (after !== null) await tx.query(MARK, [after, page?.rows]);
  }
  return rows;
}

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
    dropMonth: () => inTransaction(db, 'retention.drop_month', (tx) => dropMonth(tx, days)),
    oldest: async () => (await db.query<{ key: string }>(OLDEST))[0]?.key,
  };
}
