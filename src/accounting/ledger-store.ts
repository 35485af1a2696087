import { type Queryable, type Tx, statement } from '../consistency/transaction';
import { type PostingRow, VOUCHER_COLUMNS, type VoucherRow, chainStore } from './chain-store';

export interface LedgerAccountRow {
  readonly code: string;
  readonly name: string;
  readonly type: 'asset' | 'liability' | 'income' | 'expense';
  readonly normal_side: 'debit' | 'credit';
  readonly party: 'none' | 'channel' | 'merchant' | 'payee';
}

export interface VoucherFilter {
  readonly orderId: string | undefined;
  readonly receiptId: string | undefined;
}

const CHART_ROWS = statement(
  'accounting.ledger_accounts.list',
  'select code, name, type, normal_side, party from accounting.ledger_accounts order by code',
);

const NEWEST = 'order by v.id desc limit $2';
const BEFORE = '($1::uuid is null or v.id < $1::uuid)';
const SELECT = `select ${VOUCHER_COLUMNS} from accounting.vouchers v`;

const VOUCHERS = statement('accounting.vouchers.list', `${SELECT} where ${BEFORE} ${NEWEST}`);
const VOUCHERS_OF_ORDER = statement(
  'accounting.vouchers.list_of_order',
  `${SELECT} where ${BEFORE} and v.order_id = $3::uuid and ($4::uuid is null or v.receipt_id = $4::uuid) ${NEWEST}`,
);
const VOUCHERS_OF_RECEIPT = statement(
  'accounting.vouchers.list_of_receipt',
  `${SELECT} where ${BEFORE} and v.receipt_id = $3::uuid ${NEWEST}`,
);

/** Reads of the books for people. */
export const ledgerStore = {
  chart: (db: Queryable<'accounting'>): Promise<LedgerAccountRow[]> => db.query(CHART_ROWS),
  /** Newest first. */
  vouchers: (
    db: Queryable<'accounting'>,
    { orderId, receiptId }: VoucherFilter,
    before: string | undefined,
    limit: number,
  ): Promise<VoucherRow[]> => {
    const page = [before ?? null, limit];
    if (orderId !== undefined) return db.query(VOUCHERS_OF_ORDER, [...page, orderId, receiptId ?? null]);
    if (receiptId !== undefined) return db.query(VOUCHERS_OF_RECEIPT, [...page, receiptId]);
    return db.query(VOUCHERS, page);
  },
  postings: (tx: Tx<'accounting'>, voucherIds: readonly string[]): Promise<PostingRow[]> =>
    chainStore.postings(tx, voucherIds),
};
