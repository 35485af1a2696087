import { STUCK_AFTER_ATTEMPTS, STUCK_AFTER_SECONDS } from '../../core/stuck';
import type { Traceparent } from '../../core/traceparent';
import { type Queryable, type Statement, statement } from '../../consistency/transaction';
import { LOG_COLUMNS, type LoggedTransaction, type TransactionStatus } from '../../consistency/tcc/log-store';
import type { Gid, ReceiptId } from '../../core/ids';
import type { SettlementPlan } from '../plan';
import { TRACE_OF_RECEIPT } from '../receipts-store';

export interface ViewedTransaction extends LoggedTransaction<SettlementPlan> {
  readonly deadline: Date;
  readonly next_try_at: Date;
  readonly worked_on: boolean;
  readonly last_error: string | null;
  readonly age_seconds: number;
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly ended_at: Date | null;
  readonly traceparent: Traceparent | null;
}

export interface TransactionSearch {
  readonly status: TransactionStatus | undefined;
  /** Only those that have ended, or only those that have not. */
  readonly ended: boolean | undefined;
  readonly receipt: ReceiptId | undefined;
  /** These three narrow it to those that have not ended. */
  readonly stuck: boolean;
  readonly olderThanSeconds: number | undefined;
  readonly minAttempts: number | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

const SELECT = `
  select ${LOG_COLUMNS}, t.deadline, t.next_try_at, t.last_error, t.created_at, t.decided_at, t.ended_at, ${TRACE_OF_RECEIPT},
         (t.ended_at is null and t.lease_token is not null and t.next_try_at > clock_timestamp()) as worked_on,
         greatest(floor(extract(epoch from coalesce(t.ended_at, clock_timestamp()) - t.created_at)), 0)::int as age_seconds
    from orders.global_transactions t`;

/** `cancelled` says what the status says, which a check of the table keeps true, and of it there are indexes. */
const STATUS_IS: Readonly<Record<TransactionStatus, string>> = {
  trying: "t.status = 'trying'",
  confirming: "t.status = 'confirming'",
  confirmed: "t.status = 'confirmed'",
  cancelling: "t.status = 'cancelling'",
  cancelled: 't.cancelled',
};
/** Those that stand and those that were cancelled are in an index each. */
const OF_RECEIPT = `t.gid in (
  select a.gid from orders.global_transactions a where a.receipt_id = $2::uuid and not a.cancelled
  union all
  select a.gid from orders.global_transactions a where a.receipt_id = $2::uuid and a.cancelled)`;
const ENDED = "t.status in ('confirmed', 'cancelled')";
const NOT_ENDED = "t.status in ('trying', 'confirming', 'cancelling')";
const STUCK = `(t.attempts >= ${STUCK_AFTER_ATTEMPTS.transactions}
  or t.created_at <= (select clock_timestamp()) - interval '${STUCK_AFTER_SECONDS} seconds')`;

/**
 * Statuses stand in the text as literals, so that the partial indexes over what is under way and what was cancelled serve.
 * What is under way is taken out of its index first: among millions that have ended a walk back from the newest would
 * read them all.
 */
function searchStatement({ status, ended, receipt, stuck }: TransactionSearch, isOpen: boolean): Statement {
  const conditions = [
    '($1::uuid is null or t.gid < $1)',
    receipt === undefined ? '$2::uuid is null' : OF_RECEIPT,
    '($4::int is null or t.attempts >= $4)',
    `($5::int is null or t.created_at <= (select clock_timestamp()) - $5 * interval '1 second')`,
    ...(status === undefined ? [] : [STATUS_IS[status]]),
    ...(ended === undefined ? [] : [ended ? ENDED : NOT_ENDED]),
    ...(stuck ? [STUCK] : []),
  ];
  const name = [receipt === undefined ? 0 : 1, status ?? 'any', ended ?? 'any', stuck, isOpen].join('.');
  const chosen = (source: string): string =>
    `select t.gid from ${source} t where ${conditions.join(' and ')} order by t.gid desc limit $3`;
  const text = isOpen
    ? `with open as materialized (
         select t.gid, t.receipt_id, t.status, t.attempts, t.created_at from orders.global_transactions t
          where ${NOT_ENDED} and t.next_try_at is not null order by t.next_try_at),
       chosen as (${chosen('open')})`
    : `with chosen as materialized (${chosen('orders.global_transactions')})`;
  return statement(
    `orders.global_transactions.search.${name}`,
    `${text} ${SELECT} join chosen using (gid) order by t.gid desc`,
  );
}

const READ = statement('orders.global_transactions.view', `${SELECT} where t.gid = $1`);

/** Newest first. */
export function searchTransactions(db: Queryable<'orders'>, search: TransactionSearch): Promise<ViewedTransaction[]> {
  const { receipt, after, limit, status, ended, minAttempts, olderThanSeconds } = search;
  const narrowed = search.stuck || minAttempts !== undefined || olderThanSeconds !== undefined;
  const isOpen =
    ended === false || narrowed || (status !== undefined && status !== 'confirmed' && status !== 'cancelled');
  return db.query<ViewedTransaction>(searchStatement(search, isOpen), [
    after ?? null,
    receipt ?? null,
    limit,
    minAttempts ?? null,
    olderThanSeconds ?? null,
  ]);
}

export async function viewTransaction(db: Queryable<'orders'>, gid: Gid): Promise<ViewedTransaction | undefined> {
  return (await db.query<ViewedTransaction>(READ, [gid]))[0];
}
