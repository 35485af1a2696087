import { type Queryable, type Statement, statement } from '../../consistency/transaction';
import { LOG_COLUMNS, type LoggedTransaction, type TransactionStatus } from '../../consistency/tcc/log-store';
import type { Gid, ReceiptId } from '../../core/ids';
import type { SettlementPlan } from '../plan';

export interface ViewedTransaction extends LoggedTransaction<SettlementPlan> {
  readonly deadline: Date;
  readonly next_try_at: Date;
  readonly last_error: string | null;
  readonly age_seconds: number;
  readonly created_at: Date;
  readonly decided_at: Date | null;
  readonly ended_at: Date | null;
}

export interface TransactionSearch {
  readonly status: TransactionStatus | undefined;
  /** Only those that have ended, or only those that have not. */
  readonly ended: boolean | undefined;
  readonly receipt: ReceiptId | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

const SELECT = `
  select ${LOG_COLUMNS}, t.deadline, t.next_try_at, t.last_error, t.created_at, t.decided_at, t.ended_at,
         greatest(floor(extract(epoch from coalesce(t.ended_at, clock_timestamp()) - t.created_at)), 0)::int as age_seconds
    from orders.global_transactions t`;

const STATUS_IS: Readonly<Record<TransactionStatus, string>> = {
  trying: "t.status = 'trying'",
  confirming: "t.status = 'confirming'",
  confirmed: "t.status = 'confirmed'",
  cancelling: "t.status = 'cancelling'",
  cancelled: "t.status = 'cancelled'",
};
const ENDED = "t.status in ('confirmed', 'cancelled')";
const NOT_ENDED = "t.status in ('trying', 'confirming', 'cancelling')";

/** Statuses stand in the text as literals, so that the partial indexes over what is under way and what was cancelled serve. */
function searchStatement({ status, ended, receipt }: TransactionSearch): Statement {
  const conditions = [
    '($1::uuid is null or t.gid < $1)',
    receipt === undefined ? '$2::uuid is null' : 't.receipt_id = $2::uuid',
    ...(status === undefined ? [] : [STATUS_IS[status]]),
    ...(ended === undefined ? [] : [ended ? ENDED : NOT_ENDED]),
  ];
  return statement(
    `orders.global_transactions.search.${receipt === undefined ? '0' : '1'}.${status ?? 'any'}.${String(ended ?? 'any')}`,
    `${SELECT} where ${conditions.join(' and ')} order by t.gid desc limit $3`,
  );
}

const READ = statement('orders.global_transactions.view', `${SELECT} where t.gid = $1`);

/** Newest first. */
export function searchTransactions(db: Queryable<'orders'>, search: TransactionSearch): Promise<ViewedTransaction[]> {
  const { receipt, after, limit } = search;
  return db.query<ViewedTransaction>(searchStatement(search), [after ?? null, receipt ?? null, limit]);
}

export async function viewTransaction(db: Queryable<'orders'>, gid: Gid): Promise<ViewedTransaction | undefined> {
  return (await db.query<ViewedTransaction>(READ, [gid]))[0];
}
