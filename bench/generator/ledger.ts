import type { AccountId, Ids, MerchantId } from '../../src/core/ids';
import { Exact } from '../../src/core/money';

export interface LedgerAccount {
  readonly id: AccountId;
  readonly code: string;
  readonly kind: string;
  readonly owner: string;
  readonly unit: string;
  readonly openedAt: string;
  balance: Exact;
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
        balance: new Exact(0),
        entries: 0,
      };
      accounts.set(code, opened);
      return opened;
    },
  };
}

/** An amount as numeric(24,4) has it: 12.27 is "12.2700". */
export function fourDecimals(amount: Exact): string {
  return amount.toFixed(4);
}

export interface Payee {
  readonly merchantId: MerchantId;
  readonly endpointId: string;
}
