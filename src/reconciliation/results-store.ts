import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ResultClass, RunId } from './run';
import type { LineStatus } from './statement-line';

/** A result with both sides' facts. */
export interface ResultRow {
  readonly number: string;
  readonly class: ResultClass;
  readonly line_run: RunId | null;
  readonly line_number: number | null;
  readonly statement_date: string | null;
  readonly identity: string | null;
  readonly line_status: LineStatus | null;
  readonly occurred_at: Date | null;
  readonly provider_reference: string | null;
  readonly payment_reference: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly fee: string | null;
  readonly expected_fee: string | null;
  readonly receipt_id: string | null;
  readonly order_id: string | null;
  readonly our_reference: string | null;
  readonly our_amount: string | null;
  readonly our_currency: string | null;
  readonly our_status: string | null;
  readonly our_outcome: string | null;
  readonly received_at: Date | null;
  readonly note: string | null;
  readonly explains: boolean;
}

const COLUMNS = `x.number, x.class, x.line_run, x.line_number, s.statement_date, x.identity, l.status as line_status,
  l.occurred_at, coalesce(l.provider_reference, r.provider_reference) as provider_reference,
  coalesce(l.payment_reference, r.payment_reference) as payment_reference, x.amount, x.currency, x.fee, x.expected_fee,
  x.receipt_id, r.order_id, r.provider_reference as our_reference, x.our_amount, x.our_currency, r.status as our_status,
  r.outcome as our_outcome, r.received_at, x.note, x.explains`;
const JOINS = `left join orders.statement_lines l on l.run_id = x.line_run and l.number = x.line_number
  left join orders.statement_runs s on s.id = x.line_run
  left join orders.receipts r on r.id = x.receipt_id`;

const LIST = statement(
  'orders.reconciliation_results.list',
  `with page as (
     select * from orders.reconciliation_results
      where run_id = $1 and ($2::text is null or class = $2) and ($3::bigint is null or number > $3)
      order by number limit $4)
   select ${COLUMNS} from page x ${JOINS} order by x.number`,
);
/** What a person must hear of, so many of each class and no more, and what explains an incident of an earlier run. */
const TO_REPORT = statement(
  'orders.reconciliation_results.to_report',
  `with counted as (
     select *, row_number() over (partition by class, explains order by number) as nth
       from orders.reconciliation_results where run_id = $1 and (class = any($2::text[]) or explains)),
   page as (
     select * from counted where number > $3 and (nth <= $4 or explains) order by number limit $5)
   select ${COLUMNS} from page x ${JOINS} order by x.number`,
);
const COUNT_BEYOND = statement(
  'orders.reconciliation_results.count_beyond',
  `select class, count(*)::int as count from orders.reconciliation_results
    where run_id = $1 and class = any($2::text[]) group by class having count(*) > $3 order by class`,
);
const COUNT_HELD = statement(
  'orders.reconciliation_results.count_held',
  `select count(*)::int as count from orders.reconciliation_results
    where run_id = $1 and class = 'waiting_with_us' and note = 'held'`,
);
const TO_RECOVER = statement(
  'orders.reconciliation_results.to_recover',
  `select x.number, x.identity, x.line_number, s.statement_date, l.provider_reference, l.payment_reference, l.amount, l.currency
     from orders.reconciliation_results x
     join orders.statement_lines l on l.run_id = x.line_run and l.number = x.line_number
     join orders.statement_runs s on s.id = x.line_run
    where x.run_id = $1 and x.class = 'recovered' and x.number > $2 order by x.number limit $3`,
);

/** A line that says paid and of which no callback has told us. */
export interface LostCallback {
  readonly number: string;
  readonly identity: string;
  readonly line_number: number;
  readonly statement_date: string;
  readonly provider_reference: string;
  readonly payment_reference: string | null;
  readonly amount: string;
  readonly currency: string;
}

export const resultsStore = {
  list: (
    db: Queryable<'orders'>,
    run: RunId,
    filter: { class: ResultClass | undefined; after: string | undefined; limit: number },
  ): Promise<ResultRow[]> => db.query<ResultRow>(LIST, [run, filter.class ?? null, filter.after ?? null, filter.limit]),
  toReport: (
    tx: Tx<'orders'>,
    run: RunId,
    page: { classes: readonly string[]; after: string; mostOfAClass: number; limit: number },
  ): Promise<ResultRow[]> =>
    tx.query<ResultRow>(TO_REPORT, [run, page.classes, page.after, page.mostOfAClass, page.limit]),
  /** The classes of which there are more than this. */
  countBeyond: (
    tx: Tx<'orders'>,
    run: RunId,
    classes: readonly string[],
    most: number,
  ): Promise<{ class: ResultClass; count: number }[]> => tx.query(COUNT_BEYOND, [run, classes, most]),
  countHeld: async (tx: Tx<'orders'>, run: RunId): Promise<number> =>
    (await tx.query<{ count: number }>(COUNT_HELD, [run]))[0]?.count ?? 0,
  toRecover: (db: Queryable<'orders'>, run: RunId, after: string, limit: number): Promise<LostCallback[]> =>
    db.query<LostCallback>(TO_RECOVER, [run, after, limit]),
};
