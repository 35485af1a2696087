import { type Queryable, type Statement, statement } from '../consistency/transaction';
import type { Gid, OrderId, ReceiptId } from '../core/ids';
import { STUCK_AFTER_ATTEMPTS, STUCK_AFTER_SECONDS, type StuckRow } from '../core/stuck';
import type { Traceparent } from '../core/traceparent';
import type { Work } from './work';

/** Of each kind the longest overdue are looked at; with more open than that, the metrics say so anyway. */
const MOST_LOOKED_AT = 10_000;

/** A row that is stuck; what it is about depends on its kind. */
export interface FoundStuck extends StuckRow {
  readonly id: string;
  readonly status: string;
  /** Of a message: its topic and the event that it speaks of. */
  readonly subject: string | null;
  readonly receipt_id: ReceiptId | null;
  readonly order_id: OrderId | null;
  readonly gid: Gid | null;
  readonly traceparent: Traceparent | null;
  /** How many are stuck in all, and the most attempts of one of them. */
  readonly stuck: number;
  readonly most_attempts: number;
}

interface Source {
  readonly rows: string;
  readonly isStuck: string;
}

const PRESENT = '(select clock_timestamp())';
const LONG_AGO = `${PRESENT} - interval '${STUCK_AFTER_SECONDS} seconds'`;

/** Each through the index over what is due: the text says what its condition is. */
const SOURCES: Readonly<Record<Work, Source>> = {
  receipts: {
    rows: `select id, status, null as subject, id as receipt_id, order_id, null::uuid as gid, attempts, next_try_at,
                  received_at as since, last_error, traceparent
             from orders.receipts where status = 'waiting' and next_try_at is not null
            order by next_try_at limit ${MOST_LOOKED_AT}`,
    isStuck: `since <= ${LONG_AGO}`,
  },
  transactions: {
    rows: `select gid as id, status, null as subject, receipt_id, order_id, gid, attempts, next_try_at, created_at as since,
                  last_error, (select r.traceparent from orders.receipts r where r.id = t.receipt_id) as traceparent
             from orders.global_transactions t
            where status in ('trying', 'confirming', 'cancelling') and next_try_at is not null
            order by next_try_at limit ${MOST_LOOKED_AT}`,
    isStuck: `(attempts >= ${STUCK_AFTER_ATTEMPTS.transactions} or since <= ${LONG_AGO})`,
  },
  messages: {
    rows: `select id, status, topic || ' ' || event_key as subject, null::uuid as receipt_id, null::uuid as order_id,
                  null::uuid as gid, attempts, next_try_at, created_at as since, last_error, traceparent
             from orders.outbox where status = 'due' order by next_try_at limit ${MOST_LOOKED_AT}`,
    isStuck: `(attempts >= ${STUCK_AFTER_ATTEMPTS.messages} or since <= ${LONG_AGO})`,
  },
  notifications: {
    rows: `select id, status, null as subject, null::uuid as receipt_id, order_id, null::uuid as gid, attempts, next_try_at,
                  next_try_at as since, last_error, traceparent
             from orders.notifications where status = 'scheduled'
            order by greatest(next_try_at, enqueued_until) limit ${MOST_LOOKED_AT}`,
    isStuck: `since <= ${LONG_AGO}`,
  },
};

function stuckStatement(work: Work): Statement {
  const { rows, isStuck } = SOURCES[work];
  return statement(
    `open_work.stuck.${work}`,
    `with open as materialized (${rows})
     select id, status, subject, receipt_id, order_id, gid, attempts, next_try_at, last_error, traceparent,
            floor(extract(epoch from clock_timestamp() - since))::int as age_seconds,
            (count(*) over ())::int as stuck, (max(attempts) over ())::int as most_attempts
       from open where ${isStuck} order by since limit $1`,
  );
}

const STUCK: Readonly<Record<Work, Statement>> = {
  receipts: stuckStatement('receipts'),
  transactions: stuckStatement('transactions'),
  messages: stuckStatement('messages'),
  notifications: stuckStatement('notifications'),
};

/** What is stuck, the oldest first; of notifications the longest overdue. */
export function findStuck(db: Queryable<'orders'>, work: Work, limit: number): Promise<FoundStuck[]> {
  return db.query<FoundStuck>(STUCK[work], [limit]);
}
