import type { PostingRow, VoucherRow } from '../chain-store';
import type { LedgerAccountRow } from '../ledger-store';

/** What an export is about. Dates are in UTC. */
export interface ExportHead {
  /** Undefined where the export begins with the first link. */
  readonly from: string | undefined;
  readonly to: string;
  /** The last link that is in it. */
  readonly link: string;
  readonly hash: string | null;
  readonly currencies: readonly { readonly code: string; readonly digits: number }[];
  /** Names of those whom vouchers name as the payee. */
  readonly payees: readonly string[];
  /** The day on which the opening balances stand: the last one before the period. */
  readonly openingDay: string;
  /** The last day of the period. */
  readonly closingDay: string;
}

export interface ExportedAccount {
  readonly type: LedgerAccountRow['type'];
  readonly name: string;
  readonly code: string;
  readonly partyKind: LedgerAccountRow['party'];
  readonly party: string;
}

export interface ExportedBalance extends ExportedAccount {
  readonly currency: string;
  /** Debits less credits, with the currency's decimals. */
  readonly amount: string;
}

export interface ExportedVoucher {
  readonly voucher: VoucherRow;
  readonly payee: string;
  /** Each with its account, and its amount: positive for a debit. */
  readonly postings: readonly (ExportedBalance & { readonly row: PostingRow })[];
}

/** How a format writes the parts of a journal, in this order. Each part is a text, empty where the format has none. */
export interface JournalFormat {
  head(head: ExportHead): string;
  /** An account that the export names, in these currencies. */
  account(account: ExportedAccount, currencies: readonly string[]): string;
  openingHead(head: ExportHead): string;
  opening(balance: ExportedBalance, head: ExportHead): string;
  voucher(voucher: ExportedVoucher): string;
  closingHead(head: ExportHead): string;
  closing(balance: ExportedBalance, head: ExportHead): string;
}
