import { type Database, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { AccountId } from '../core/ids';
import type { BalancesSchema } from './holds-store';
import { type PositionRow, type StatementRow, createStatementStore } from './statement-store';

/** How an account stood at an instant. */
export interface PastBalance extends PositionRow {
  /** RFC 3339 in UTC with six decimals. */
  readonly at: string;
}

export interface AccountPeriod {
  /** Undefined for the account's beginning. */
  readonly from: PastBalance | undefined;
  readonly to: PastBalance;
}

export interface Totals {
  readonly debit: string;
  readonly credit: string;
}

/** The past of the accounts of one participant. Amounts are the database's numerics. */
export interface AccountHistory {
  /**
   * The balance after the last entry up to an instant, the instant included. It does not change afterwards: where an entry
   * could still come before the instant, whoever is moving the account is waited for.
   * @throws Problem `invalid_request` for an instant that has not come yet
   */
  balanceAt(id: AccountId, at: string | undefined): Promise<PastBalance>;
  /**
   * Where a period begins and ends: `from` is included in time and `to` is not.
   * @throws Problem `invalid_request` for a period that ends before it begins, or in the future
   */
  period(id: AccountId, from: string | undefined, to: string | undefined): Promise<AccountPeriod>;
  totals(id: AccountId, period: AccountPeriod): Promise<Totals>;
  /** Oldest first, after the entry with the number `after`. */
  entries(id: AccountId, period: AccountPeriod, after: string, limit: number): Promise<readonly StatementRow[]>;
}

export function createAccountHistory<S extends BalancesSchema>({ db }: { readonly db: Database<S> }): AccountHistory {
  const store = createStatementStore(db.schema);
  const positionAt = async (id: AccountId, at: string | undefined, earlierBy: 0 | 1): Promise<PastBalance> => {
    const looked = await store.lookAt(db, id, at, earlierBy);
    if (looked.is_future) throw new Problem('invalid_request', 'the instant lies in the future');
    if (!looked.is_closed)
      await inTransaction(db, 'balances.wait_for_movements', (tx) => store.waitForMovements(tx, id));
    return { at: looked.asked, ...(await store.positionAt(db, id, looked.instant)) };
  };
  return {
    balanceAt: (id, at) => positionAt(id, at, 0),
    period: async (id, from, to) => {
      const end = await positionAt(id, to, 1);
      if (from === undefined) return { from: undefined, to: end };
      const begin = await positionAt(id, from, 1);
      if (begin.at > end.at) throw new Problem('invalid_request', 'the period ends before it begins');
      return { from: begin, to: end };
    },
    totals: (id, { from, to }) =>
      inTransaction(db, 'balances.totals', (tx) => store.totals(tx, id, from?.number ?? '0', to.number)),
    entries: (id, { to }, after, limit) => store.entries(db, id, after, to.number, limit),
  };
}
