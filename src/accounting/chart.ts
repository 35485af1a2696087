/**
 * The chart of accounts, after the practice of payment institutions: what channels owe us is an asset, what we owe to
 * merchants and payees (or to nobody known yet) is a liability, and our fee is income. Points that carry value are an
 * expense when they are granted and a liability until they are spent. The table `accounting.ledger_accounts` holds the
 * same rows; it is append-only, and a test compares the two.
 */
export const CHART = {
  '1100': { name: 'Channel receivables', type: 'asset', normalSide: 'debit', party: 'channel' },
  '2100': { name: 'Merchant payables', type: 'liability', normalSide: 'credit', party: 'merchant' },
  '2200': { name: 'Commission payables', type: 'liability', normalSide: 'credit', party: 'payee' },
  '2300': { name: 'Points liability', type: 'liability', normalSide: 'credit', party: 'merchant' },
  '2900': { name: 'Suspense', type: 'liability', normalSide: 'credit', party: 'none' },
  '4100': { name: 'Fee income', type: 'income', normalSide: 'credit', party: 'none' },
  '5100': { name: 'Points expense', type: 'expense', normalSide: 'debit', party: 'merchant' },
} as const satisfies Record<string, LedgerAccount>;

export interface LedgerAccount {
  readonly name: string;
  readonly type: 'asset' | 'liability' | 'income' | 'expense';
  readonly normalSide: 'debit' | 'credit';
  /** Whom a posting to the account names: a channel by its name, a merchant by its id, a payee by its account's code. */
  readonly party: 'none' | 'channel' | 'merchant' | 'payee';
}

export type LedgerCode = keyof typeof CHART;

export const CHANNEL_RECEIVABLES: LedgerCode = '1100';
export const POINTS_LIABILITY: LedgerCode = '2300';
export const POINTS_EXPENSE: LedgerCode = '5100';

/** The account of the books that stands for each kind of fund account. */
export const CONTROL_ACCOUNTS = {
  merchant: '2100',
  payee: '2200',
  fees: '4100',
  suspense: '2900',
} as const satisfies Record<string, LedgerCode>;
