import type { AccountId, Ids, MerchantId } from '../../src/core/ids';

export interface LedgerAccount {
  readonly id: AccountId;
  readonly code: string;
  readonly kind: string;
  readonly owner: string;
  readonly unit: string;
  readonly openedAt: string;
  /** In hundredths of the unit: no sum of a generated history leaves what a double holds exactly. */
  balance: number;
  entries: number;
}

/** The running balances of one participant while its history is written. */
export interface Ledger {
  readonly accounts: ReadonlyMap<string, LedgerAccount>;
  account(code: string, opens: { kind: string; owner: string; unit: string }, at: string): LedgerAccount;
}

export function createLedger(ids: Ids): Ledger {
  const accounts = new Map<string, LedgerAccount>();
  return {
    accounts,
    account: (code, opens, at) => {
      const met = accounts.get(code);
      if (met !== undefined) return met;
      const opened: LedgerAccount = {
        id: ids.next<'account'>(),
        code,
        kind: opens.kind,
        owner: opens.owner,
        unit: opens.unit,
        openedAt: at,
        balance: 0,
        entries: 0,
      };
      accounts.set(code, opened);
      return opened;
    },
  };
}

/** Hundredths as numeric(24,4) has them: 1227 is "12.2700". */
export function fourDecimals(hundredths: number): string {
  const text = String(hundredths).padStart(3, '0');
  return `${text.slice(0, -2)}.${text.slice(-2)}00`;
}

export interface Payee {
  readonly merchantId: MerchantId;
  readonly endpointId: string;
}
