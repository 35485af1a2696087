import { STUCK_AFTER_ATTEMPTS, STUCK_AFTER_SECONDS } from '../core/stuck';
import { type Queryable, type Statement, statement } from '../consistency/transaction';

/** What is still to be done, of one kind. Ages are in seconds, null where there is nothing. */
export interface OpenWork {
  readonly work: 'receipts' | 'transactions' | 'messages' | 'notifications';
  readonly open: number;
  readonly due: number;
  /** Since the oldest of it came into being. */
  readonly oldest: number | null;
  /** Since the longest overdue of it should have been looked at again. */
  readonly overdue: number | null;
  /** How much of it does not get on, and the most attempts at one of it. */
  readonly stuck: number;
  readonly attempts: number | null;
}

/** However long the backlog is, a look reads no more rows of each kind than this. */
export const MOST_COUNTED = 10_000;

const LONG_AGO = `(select clock_timestamp()) - interval '${STUCK_AFTER_SECONDS} seconds'`;

/**
 * Each kind is read through the partial index by which recovery finds it, the longest overdue first, so that a look costs
 * what is open and not what was ever done. That what has not ended has a next time is said in the text, because the index
 * is over what has one.
 */
const OPEN_WORK = statement(
  'telemetry.open_work',
  `with present as (select clock_timestamp() as now),
        work as (
     (select 'receipts' as work, received_at as since, next_try_at, attempts,
             received_at <= ${LONG_AGO} as stuck from orders.receipts
       where status = 'waiting' and next_try_at is not null order by next_try_at limit ${MOST_COUNTED})
     union all
     (select 'transactions', created_at, next_try_at, attempts,
             attempts >= ${STUCK_AFTER_ATTEMPTS.transactions} or created_at <= ${LONG_AGO} from orders.global_transactions
       where status in ('trying', 'confirming', 'cancelling') and next_try_at is not null
       order by next_try_at limit ${MOST_COUNTED})
     union all
     (select 'messages', created_at, next_try_at, attempts,
             attempts >= ${STUCK_AFTER_ATTEMPTS.messages} or created_at <= ${LONG_AGO} from orders.outbox
       where status = 'due' order by next_try_at limit ${MOST_COUNTED})
     union all
     (select 'notifications', created_at, next_try_at, attempts, next_try_at <= ${LONG_AGO} from orders.notifications
       where status = 'scheduled' order by next_try_at limit ${MOST_COUNTED}))
   select k.work,
          count(w.since)::int as open,
          (count(*) filter (where w.next_try_at <= p.now))::int as due,
          extract(epoch from p.now - min(w.since))::float8 as oldest,
          greatest(extract(epoch from p.now - min(w.next_try_at))::float8, 0) as overdue,
          (count(*) filter (where w.stuck))::int as stuck, max(w.attempts) as attempts
     from unnest(array['receipts', 'transactions', 'messages', 'notifications']) as k(work)
    cross join present p left join work w on w.work = k.work
    group by k.work, p.now`,
);

/** A receipt that is not settled either waits or has a transaction that has not ended. */
const OLDEST_UNSETTLED = statement(
  'telemetry.oldest_unsettled_receipt',
  `with unsettled as (
     (select received_at from orders.receipts
       where status = 'waiting' and next_try_at is not null order by next_try_at limit ${MOST_COUNTED})
     union all
     (select r.received_at
        from (select receipt_id from orders.global_transactions
               where status in ('trying', 'confirming', 'cancelling') and next_try_at is not null
               order by next_try_at limit ${MOST_COUNTED}) t
        join orders.receipts r on r.id = t.receipt_id
       where r.status <> 'settled'))
   select extract(epoch from clock_timestamp() - min(received_at))::float8 as age from unsettled`,
);

const OPEN_INCIDENTS = statement(
  'telemetry.open_incidents',
  `select kind, count(*)::int as open
     from (select kind from orders.incidents where status = 'open' limit ${MOST_COUNTED}) i
    group by kind`,
);

const oldestHold = (schema: 'accounts' | 'points'): Statement =>
  statement(
    `telemetry.oldest_hold.${schema}`,
    `select extract(epoch from clock_timestamp() - created_at)::float8 as age from ${schema}.holds
      where status = 'held' order by created_at limit 1`,
  );
const OLDEST_HOLD = { accounts: oldestHold('accounts'), points: oldestHold('points') };

const NOW = statement('telemetry.now', 'select extract(epoch from clock_timestamp())::float8 as now');

export const workStore = {
  openWork: (db: Queryable<'orders'>): Promise<OpenWork[]> => db.query<OpenWork>(OPEN_WORK),
  /** The age in seconds of the oldest receipt whose money has not arrived yet; null where there is none. */
  oldestUnsettled: async (db: Queryable<'orders'>): Promise<number | null> =>
    (await db.query<{ age: number | null }>(OLDEST_UNSETTLED))[0]?.age ?? null,
  openIncidents: (db: Queryable<'orders'>): Promise<{ kind: string; open: number }[]> => db.query(OPEN_INCIDENTS),
  /** The age in seconds of the oldest hold that has not ended; null where there is none. */
  oldestHold: async <S extends 'accounts' | 'points'>(db: Queryable<S>): Promise<number | null> =>
    (await db.query<{ age: number }>(OLDEST_HOLD[db.schema]))[0]?.age ?? null,
  /** The database's time in seconds since 1970. */
  now: async (db: Queryable): Promise<number> => {
    const [row] = await db.query<{ now: number }>(NOW);
    if (row === undefined) throw new Error('the database did not say what time it is');
    return row.now;
  },
};
