import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { isCurrency } from '../core/currencies';
import { Problem } from '../core/errors';
import type { AccountId, Ids, MerchantId } from '../core/ids';
import { Exact } from '../core/money';
import {
  type AccountFilter,
  type AccountRow,
  type AccountsStore,
  type EntryRow,
  PROTECTED_KINDS,
  createAccountsStore,
  referenceIsTaken,
} from './accounts-store';
import type { BalancesSchema } from './holds-store';

/** How a change of an account's status ended. */
export type StatusChange =
  | { readonly kind: 'done'; readonly account: AccountRow }
  | { readonly kind: 'not_found' }
  /** Suspense and fee accounts must always be able to take money. */
  | { readonly kind: 'protected' }
  /** A closed account stays closed. */
  | { readonly kind: 'closed' }
  | { readonly kind: 'has_holds' }
  | { readonly kind: 'not_empty'; readonly balance: string };

export interface Accounts {
  find(ids: readonly AccountId[]): Promise<readonly AccountRow[]>;
  findByCode(code: string): Promise<AccountRow | undefined>;
  /** Newest first. */
  list(filter: AccountFilter): Promise<readonly AccountRow[]>;
  /** Newest first. */
  entries(id: AccountId, after: string | undefined, limit: number): Promise<readonly EntryRow[]>;
  /** A frozen account refuses every Try; what is held on it is still confirmed or cancelled. */
  freeze(id: AccountId): Promise<StatusChange>;
  unfreeze(id: AccountId): Promise<StatusChange>;
  /** Closes an account that is empty and has no open holds, so that no Confirm can ever meet a closed one. */
  close(id: AccountId): Promise<StatusChange>;
}

/** The accounts of one participant, for whoever reads them or sets their status: `accounts` or `points`. */
export function createAccounts<S extends BalancesSchema>(deps: { readonly db: Database<S> }): Accounts {
  const { db } = deps;
  const store = createAccountsStore(db.schema);
  const change = (work: (tx: Tx<S>) => Promise<StatusChange>): Promise<StatusChange> =>
    inTransaction(db, 'balances.change_status', work);
  return {
    find: (ids) => store.find(db, ids),
    findByCode: (code) => store.findByCode(db, code),
    list: (filter) => store.list(db, filter),
    entries: (id, after, limit) => store.listEntries(db, id, after, limit),
    freeze: (id) =>
      change(async (tx) => {
        await store.setStatus(tx, id, 'frozen', ['open']);
        return standing(store, tx, id);
      }),
    unfreeze: (id) =>
      change(async (tx) => {
        await store.setStatus(tx, id, 'open', ['frozen']);
        return standing(store, tx, id);
      }),
    close: (id) => change((tx) => closeAccount(store, tx, id)),
  };
}

/** Opens accounts for those whom a merchant shares its payments with, such as a promoter who earns a commission. */
export interface PayeeAccounts {
  /**
   * @param reference the merchant's own name for the payee, unique with the currency
   * @throws Problem `unknown_currency`, `name_taken`
   */
  open(merchantId: MerchantId, reference: string, currency: string): Promise<AccountRow>;
}

export function createPayeeAccounts(deps: { readonly db: Database<'accounts'>; readonly ids: Ids }): PayeeAccounts {
  const { db, ids } = deps;
  const store = createAccountsStore(db.schema);
  return {
    open: async (merchantId, reference, currency) => {
      if (!isCurrency(currency)) throw new Problem('unknown_currency', `"${currency}" is not a currency`);
      const id = ids.next<'account'>();
      try {
        await inTransaction(db, 'balances.create_payee', (tx) =>
          store.insertPayee(tx, { id, owner: merchantId, unit: currency, name: reference }),
        );
      } catch (error) {
        if (!referenceIsTaken(error)) throw error;
        throw new Problem('name_taken', `the merchant has a payee "${reference}" in ${currency}`);
      }
      const [account] = await store.find(db, [id]);
      if (account === undefined) throw new Error(`account ${id} was opened and not found`);
      return account;
    },
  };
}

/**
 * A Try takes KEY SHARE on its accounts before its hold is committed. The lock taken here waits for all of those and keeps
 * later ones waiting, so the statements after it see every hold that there is.
 */
async function closeAccount<S extends BalancesSchema>(
  store: AccountsStore<S>,
  tx: Tx<S>,
  id: AccountId,
): Promise<StatusChange> {
  await store.lockAgainstTry(tx, id);
  const before = await standing(store, tx, id);
  if (before.kind !== 'done') return before;
  if (await store.hasOpenHolds(tx, id)) return { kind: 'has_holds' };
  const { balance } = before.account;
  if (!new Exact(balance).isZero()) return { kind: 'not_empty', balance };
  await store.setStatus(tx, id, 'closed', ['open', 'frozen']);
  return { kind: 'done', account: { ...before.account, status: 'closed' } };
}

/** How the account stands once its status was set, or could not be. */
async function standing<S extends BalancesSchema>(
  store: AccountsStore<S>,
  tx: Tx<S>,
  id: AccountId,
): Promise<StatusChange> {
  const [account] = await store.find(tx, [id]);
  if (account === undefined) return { kind: 'not_found' };
  if (PROTECTED_KINDS.includes(account.kind)) return { kind: 'protected' };
  if (account.status === 'closed') return { kind: 'closed' };
  return { kind: 'done', account };
}
