import { type Database, statement } from '../consistency/transaction';

/** A voucher as far as it says which legs it was posted over. */
export interface LegsOfReceipt {
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly legs_hash: string | null;
}

const LEGS_OF_RECEIPTS = statement(
  'accounting.vouchers.legs_of_receipts',
  'select receipt_id, gid, legs_hash from accounting.vouchers where receipt_id = any($1::uuid[])',
);

/** @throws Unavailable where the books cannot be reached */
export function createLegsOfReceipts({ db }: { readonly db: Database<'accounting'> }) {
  return (receipts: readonly string[]): Promise<readonly LegsOfReceipt[]> =>
    db.query<LegsOfReceipt>(LEGS_OF_RECEIPTS, [receipts]);
}
