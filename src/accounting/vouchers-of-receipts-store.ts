import { type Database, inTransaction, statement } from '../consistency/transaction';
import { type PostingRow, VOUCHER_COLUMNS, type VoucherRow, chainStore } from './chain-store';

export const VOUCHERS_OF_RECEIPTS = statement(
  'accounting.vouchers.of_receipts',
  `select ${VOUCHER_COLUMNS} from accounting.vouchers v where v.receipt_id = any($1::uuid[]) order by v.id desc limit $2`,
);

export interface VoucherOfReceipt extends VoucherRow {
  readonly postings: readonly PostingRow[];
}

/**
 * The vouchers of receipts with their postings, newest first.
 * @throws Unavailable where the books cannot be reached
 */
export function createVouchersOfReceipts({ db }: { readonly db: Database<'accounting'> }) {
  return async (receipts: readonly string[], limit: number): Promise<readonly VoucherOfReceipt[]> =>
    inTransaction(db, 'vouchers.of_receipts', async (tx) => {
      const vouchers = await tx.query<VoucherRow>(VOUCHERS_OF_RECEIPTS, [receipts, limit]);
      const postings = await chainStore.postings(
        tx,
        vouchers.map((voucher) => voucher.id),
      );
      return vouchers.map((voucher) => ({
        ...voucher,
        postings: postings.filter((posting) => posting.voucher_id === voucher.id),
      }));
    });
}
