import { cleanedOnce } from '../consistency/retention-store';
import { type Database, statement } from '../consistency/transaction';

/** A receipt with how long it has been as it is, by the clock of the orders database. */
export interface ReceiptEvidence {
  readonly id: string;
  readonly status: 'waiting' | 'settling' | 'decided' | 'settled';
  readonly amount: string;
  readonly currency: string;
  readonly outcome: 'order_paid' | 'suspense' | null;
  /** The transaction by which it was decided. */
  readonly gid: string | null;
  /** That transaction has been cleaned: it had ended, and is asked for no more. */
  readonly cleaned: boolean;
  /** Decided for longer than the grace. */
  readonly decided_long_ago: boolean;
  /** Not decided, and nobody has touched it, or was to, for longer than the grace. */
  readonly left_alone: boolean;
}

export interface PlannedLeg {
  readonly account: string;
  readonly direction: 'in' | 'out';
  readonly amount: string;
}

export interface TransactionEvidence {
  readonly gid: string;
  readonly receipt_id: string;
  readonly status: 'trying' | 'confirming' | 'confirmed' | 'cancelling' | 'cancelled';
  readonly branches: readonly {
    readonly participant: string;
    readonly branch: string;
    readonly legs: readonly PlannedLeg[];
  }[];
  readonly legs_hash: string;
  /** Not ended, and past its deadline or decision for longer than the grace. */
  readonly overdue: boolean;
}

export interface EntryEvidence {
  readonly gid: string;
  readonly branch: string;
  readonly code: string;
  readonly unit: string;
  readonly amount: string;
}

export interface HoldEvidence {
  readonly gid: string;
  readonly branch: string;
  readonly status: 'held' | 'confirmed' | 'cancelled';
  /** The accounts' codes, beside the lists of directions and amounts. */
  readonly codes: readonly (string | null)[];
  readonly outbound: readonly boolean[];
  readonly amounts: readonly string[];
}

export interface VoucherEvidence {
  readonly id: string;
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly legs_hash: string | null;
}

export interface PostingEvidence {
  readonly voucher_id: string;
  readonly account: string;
  readonly party: string;
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

type Balances = 'accounts' | 'points';

const LONG_AGO = `clock_timestamp() - $2::float8 * interval '1 second'`;

/** Of a receipt `r`: it is settled, and its transaction lies where transactions were cleaned and is not there. */
export const CLEANED = `coalesce(
  r.status = 'settled' and ${cleanedOnce('orders', 'transactions', 'r.gid')}
    and not exists (select from orders.global_transactions t where t.gid = r.gid), false)`;

const RECEIPTS = statement(
  'audit.receipts',
  `select r.id, r.status, r.amount, r.currency, r.outcome, r.gid, ${CLEANED} as cleaned,
          coalesce(r.decided_at < ${LONG_AGO}, false) as decided_long_ago,
          (r.status in ('waiting', 'settling') and greatest(r.received_at, r.next_try_at) < ${LONG_AGO}) as left_alone
     from orders.receipts r where r.id = any($1::uuid[])`,
);

const TRANSACTION_COLUMNS = `gid, receipt_id, status, plan -> 'branches' as branches, legs_hash,
  (status in ('trying', 'confirming', 'cancelling') and greatest(deadline, decided_at) < ${LONG_AGO}) as overdue`;

const TRANSACTIONS = statement(
  'audit.transactions',
  `select ${TRANSACTION_COLUMNS} from orders.global_transactions where gid = any($1::uuid[])`,
);

const TRANSACTIONS_OF_RECEIPTS = statement(
  'audit.transactions_of_receipts',
  `select ${TRANSACTION_COLUMNS} from orders.global_transactions where receipt_id = any($1::uuid[]) and not cancelled
   union all
   select ${TRANSACTION_COLUMNS} from orders.global_transactions where receipt_id = any($1::uuid[]) and cancelled`,
);

const entriesOf = (schema: Balances) =>
  statement(
    `audit.${schema}.entries`,
    `select e.gid, e.branch, a.code, a.unit, e.amount from ${schema}.entries e join ${schema}.accounts a on a.id = e.account_id
      where e.gid = any($1::uuid[]) order by e.id`,
  );

const holdsOf = (schema: Balances) =>
  statement(
    `audit.${schema}.holds`,
    `select h.gid, h.branch, h.status, h.outbound, h.amounts,
            array(select a.code from unnest(h.account_ids) with ordinality l(id, place)
                    left join ${schema}.accounts a on a.id = l.id order by l.place) as codes
       from ${schema}.holds h where h.gid = any($1::uuid[])`,
  );

const VOUCHER_COLUMNS = 'id, receipt_id, gid, legs_hash';
const VOUCHERS = statement(
  'audit.vouchers',
  `select ${VOUCHER_COLUMNS} from accounting.vouchers where id = any($1::uuid[])`,
);
const VOUCHERS_OF_TRANSACTIONS = statement(
  'audit.vouchers_of_transactions',
  `select ${VOUCHER_COLUMNS} from accounting.vouchers where gid = any($1::uuid[])`,
);
const VOUCHERS_OF_RECEIPTS = statement(
  'audit.vouchers_of_receipts',
  `select ${VOUCHER_COLUMNS} from accounting.vouchers where receipt_id = any($1::uuid[])`,
);
const POSTINGS = statement(
  'audit.postings',
  `select voucher_id, account, party, currency, debit, credit from accounting.postings where voucher_id = any($1::uuid[])`,
);

/** Reads what each database says of the same receipts and transactions, for a list of keys. */
export const evidence = {
  receipts: (db: Database<'orders'>, ids: readonly string[], graceSeconds: number): Promise<ReceiptEvidence[]> =>
    db.query(RECEIPTS, [ids, graceSeconds]),
  transactions: (
    db: Database<'orders'>,
    gids: readonly string[],
    graceSeconds: number,
  ): Promise<TransactionEvidence[]> => db.query(TRANSACTIONS, [gids, graceSeconds]),
  transactionsOfReceipts: (
    db: Database<'orders'>,
    receiptIds: readonly string[],
    graceSeconds: number,
  ): Promise<TransactionEvidence[]> => db.query(TRANSACTIONS_OF_RECEIPTS, [receiptIds, graceSeconds]),
  entries: <S extends Balances>(db: Database<S>, gids: readonly string[]): Promise<EntryEvidence[]> =>
    db.query(entriesOf(db.schema), [gids]),
  holds: <S extends Balances>(db: Database<S>, gids: readonly string[]): Promise<HoldEvidence[]> =>
    db.query(holdsOf(db.schema), [gids]),
  vouchers: (db: Database<'accounting'>, ids: readonly string[]): Promise<VoucherEvidence[]> =>
    db.query(VOUCHERS, [ids]),
  vouchersOfTransactions: (db: Database<'accounting'>, gids: readonly string[]): Promise<VoucherEvidence[]> =>
    db.query(VOUCHERS_OF_TRANSACTIONS, [gids]),
  vouchersOfReceipts: (db: Database<'accounting'>, receiptIds: readonly string[]): Promise<VoucherEvidence[]> =>
    db.query(VOUCHERS_OF_RECEIPTS, [receiptIds]),
  postings: (db: Database<'accounting'>, voucherIds: readonly string[]): Promise<PostingEvidence[]> =>
    db.query(POSTINGS, [voucherIds]),
};
