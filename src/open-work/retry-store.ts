import { filtered } from '../consistency/by-key';
import { type Database, type Statement, inTransaction, statement } from '../consistency/transaction';
import type { WhichWork, Work } from './work';

/**
 * How each kind of work is found that waits for its next try and for nothing else. A row under a lease is left alone: it
 * is being worked on, or its process died and the lease ends within seconds.
 */
interface Waiting {
  readonly table: string;
  readonly key: string;
  readonly since: string;
  /** Not done. */
  readonly open: string;
  /** Put off by ourselves after a failure, as a condition that the index over what is due serves. */
  readonly backedOff: string;
  /** By which the index orders. */
  readonly order: string;
  /** What makes it due. `$now` is a little before the present, the older the row the earlier. */
  readonly makeDue: string;
}

const PRESENT = '(select clock_timestamp())';

const WAITING: Readonly<Record<Work, Waiting>> = {
  receipts: {
    table: 'orders.receipts',
    key: 'id',
    since: 'received_at',
    open: `t.status = 'waiting'`,
    backedOff: `t.lease_token is null and t.next_try_at > ${PRESENT}`,
    order: 'next_try_at',
    makeDue: 'next_try_at = $now',
  },
  // What the flow itself has opened or decided is its own until the deadline: nobody has put it off after a failure then.
  transactions: {
    table: 'orders.global_transactions',
    key: 'gid',
    since: 'created_at',
    open: `t.status in ('trying', 'confirming', 'cancelling')`,
    backedOff: `t.lease_token is null and t.last_error is not null and t.next_try_at > ${PRESENT}`,
    order: 'next_try_at',
    makeDue: 'next_try_at = $now',
  },
  messages: {
    table: 'orders.outbox',
    key: 'id',
    since: 'created_at',
    open: `t.status = 'due'`,
    backedOff: `t.lease_token is null and t.last_error is not null and t.next_try_at > ${PRESENT}`,
    order: 'next_try_at',
    makeDue: 'next_try_at = $now, enqueued_until = $now',
  },
  // A merchant's schedule is not ours to shorten: only what is due by it and was put off because its endpoint failed.
  notifications: {
    table: 'orders.notifications',
    key: 'id',
    since: 'created_at',
    open: `t.status = 'scheduled'`,
    backedOff: `t.put_off and t.next_try_at <= ${PRESENT} and greatest(t.next_try_at, t.enqueued_until) > ${PRESENT}`,
    order: 'greatest(t.next_try_at, t.enqueued_until)',
    makeDue: 'enqueued_until = $now',
  },
};

/**
 * One statement per page. Rows that somebody else holds are skipped. The order of age is kept: what is older is due a
 * microsecond earlier, because recoveries take what was due first.
 */
function retryStatement(work: Work): Statement {
  const { table, key, since, open, backedOff, order, makeDue } = WAITING[work];
  return statement(
    `${table}.retry_now`,
    `with waiting as materialized (
       select t.${key} as key from ${table} t
        where ${open} and ${backedOff}
          and ($2::int is null or t.attempts >= $2)
          and ($3::int is null or t.${since} <= ${PRESENT} - $3::int * interval '1 second')
        order by ${order} limit $1 for update skip locked),
     placed as (select key, row_number() over (order by key desc) as place from waiting),
     moved as (
       update ${table} t set ${makeDue.replaceAll('$now', `${PRESENT} - placed.place * interval '1 microsecond'`)}
         from placed where t.${key} = placed.key returning 1)
     select count(*)::int as moved from moved`,
  );
}

/** One row that somebody names: whatever it waits for, unless it is being worked on. */
function retryOneStatement(work: Nameable): Statement {
  const { table, key, open, makeDue } = WAITING[work];
  // An attempt that may still be decided is the flow's.
  const given = work === 'transactions' ? `and (t.status <> 'trying' or t.deadline <= ${PRESENT})` : '';
  return statement(
    `${table}.retry_one_now`,
    `update ${table} t set ${makeDue.replaceAll('$now', `least(t.next_try_at, ${PRESENT})`)}
      where t.${key} = $1 and ${filtered(`${open} and (t.lease_token is null or t.next_try_at <= ${PRESENT}) ${given}`)}
     returning t.${key}`,
  );
}

/** A notification that somebody names is resent, whatever became of it. */
export type Nameable = Exclude<Work, 'notifications'>;

export interface Standing {
  readonly open: boolean;
  readonly next_try_at: Date | null;
}

function standingStatement(work: Nameable): Statement {
  const { table, key, open } = WAITING[work];
  return statement(`${table}.standing`, `select ${open} as open, t.next_try_at from ${table} t where t.${key} = $1`);
}

const RETRY: Readonly<Record<Work, Statement>> = {
  receipts: retryStatement('receipts'),
  transactions: retryStatement('transactions'),
  messages: retryStatement('messages'),
  notifications: retryStatement('notifications'),
};
const NAMED: Readonly<Record<Nameable, { readonly retry: Statement; readonly standing: Statement }>> = {
  receipts: { retry: retryOneStatement('receipts'), standing: standingStatement('receipts') },
  transactions: { retry: retryOneStatement('transactions'), standing: standingStatement('transactions') },
  messages: { retry: retryOneStatement('messages'), standing: standingStatement('messages') },
};

export const retryStore = {
  /** Makes up to `limit` rows due. @returns how many */
  retry: async (db: Database<'orders'>, work: Work, which: WhichWork, limit: number): Promise<number> => {
    const values = [limit, which.minAttempts ?? null, which.olderThanSeconds ?? null];
    const rows = await inTransaction(db, 'open_work.retry', (tx) => tx.query<{ moved: number }>(RETRY[work], values));
    return rows[0]?.moved ?? 0;
  },
  /** Makes one row due that is not being worked on. @returns whether it did */
  retryOne: async (db: Database<'orders'>, work: Nameable, id: string): Promise<boolean> =>
    (await inTransaction(db, 'open_work.retry_one', (tx) => tx.query(NAMED[work].retry, [id]))).length > 0,
  /** Undefined where there is none. */
  standing: async (db: Database<'orders'>, work: Nameable, id: string): Promise<Standing | undefined> =>
    (await db.query<Standing>(NAMED[work].standing, [id]))[0],
};
