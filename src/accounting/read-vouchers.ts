import { type Database, inTransaction } from '../consistency/transaction';
import type { PostingRow, VoucherRow } from './chain-store';
import { type VoucherFilter, ledgerStore } from './ledger-store';

export interface VoucherWithPostings extends VoucherRow {
  readonly postings: readonly PostingRow[];
}

/** Vouchers with their lines, newest first. */
export async function readVouchers(
  db: Database<'accounting'>,
  filter: VoucherFilter,
  page: { readonly before: string | undefined; readonly limit: number },
): Promise<VoucherWithPostings[]> {
  return inTransaction(db, 'vouchers.read', async (tx) => {
    const vouchers = await ledgerStore.vouchers(tx, filter, page.before, page.limit);
    const postings = await ledgerStore.postings(
      tx,
      vouchers.map((voucher) => voucher.id),
    );
    return vouchers.map((voucher) => ({
      ...voucher,
      postings: postings.filter((posting) => posting.voucher_id === voucher.id),
    }));
  });
}
