import { Problem, assertNever } from '../core/errors';
import type { AccountId, MerchantId } from '../core/ids';
import { merchantOf } from '../http/caller';
import { type Routes, createRoutes } from '../http/operation';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { type AccountOperations, moneyAccountOperations, pointsAccountOperations } from './account-operations';
import type { AccountRow } from './accounts-store';
import type { Accounts, PayeeAccounts, StatusChange } from './manage-accounts';
import * as operations from './merchant-operations';
import { showAccount, showAccountToOperator, showAmounts, showEntry, showPointsAccount } from './show-account';

/** Mounted at /admin/accounts. */
export function createAccountRoutes(deps: { readonly accounts: Accounts }): Routes {
  return routesOver(deps.accounts, moneyAccountOperations, showAccountToOperator);
}

/** Mounted at /admin/points-accounts: the same over the other participant. */
export function createPointsAccountRoutes(deps: { readonly accounts: Accounts }): Routes {
  return routesOver(deps.accounts, pointsAccountOperations, showPointsAccount);
}

function routesOver<View>(
  accounts: Accounts,
  { tag, list, get, ...changes }: AccountOperations<View>,
  show: (row: AccountRow) => View,
): Routes {
  const routes = createRoutes(tag);
  routes.serve(list, async ({ query: { owner, kind, ...paging } }) => {
    const page = readPage(paging);
    const rows = await accounts.list({ owner, kind, after: page.after, limit: rowsToRead(page) });
    return listed(rows, page, show, (row) => row.id);
  });
  routes.serve(get, async ({ params }) => show(accountFound((await accounts.find([params.account_id]))[0])));
  for (const verb of ['freeze', 'unfreeze', 'close'] as const) {
    routes.serve(changes[verb], async ({ params }) => show(accountChanged(await accounts[verb](params.account_id))));
  }
  return routes;
}

/** Mounted at /admin/merchants, beside the merchants' own routes. */
export function createPayeeAccountRoutes(deps: {
  readonly payees: PayeeAccounts;
  /** @throws Problem `not_found` where there is no such merchant */
  readonly mustBeMerchant: (id: MerchantId) => Promise<unknown>;
}): Routes {
  const routes = createRoutes('Accounts');
  routes.serve(operations.openPayeeAccount, async ({ params: { merchant_id: merchantId }, body }) => {
    await deps.mustBeMerchant(merchantId);
    return showAccountToOperator(await deps.payees.open(merchantId, body.reference, body.currency));
  });
  return routes;
}

/** Mounted at /v1/accounts: the merchant's own accounts and those of its payees. */
export function createMerchantAccountRoutes(deps: { readonly accounts: Accounts }): Routes {
  const { accounts } = deps;
  const ownAccount = async (merchantId: MerchantId, id: AccountId): Promise<AccountRow> =>
    accountFound((await accounts.find([id])).find((account) => account.owner === merchantId));
  const routes = createRoutes('Balances');
  routes.serve(operations.listOwnAccounts, async ({ query, req }) => {
    const page = readPage(query);
    const filter = { owner: merchantOf(req), kind: undefined, after: page.after, limit: rowsToRead(page) };
    return listed(await accounts.list(filter), page, showAccount, (row) => row.id);
  });
  routes.serve(operations.getOwnAccount, async ({ params, req }) =>
    showAccount(await ownAccount(merchantOf(req), params.account_id)),
  );
  routes.serve(operations.listOwnEntries, async ({ params: { account_id: id }, query, req }) => {
    const page = readPage(query, 'number');
    const account = await ownAccount(merchantOf(req), id);
    const rows = await accounts.entries(id, page.after, rowsToRead(page));
    return listed(
      rows,
      page,
      (row) => showEntry(row, account.unit),
      (row) => row.number,
    );
  });
  return routes;
}

/** Mounted at /v1/customers. A customer who never earned anything has no account, and no points. */
export function createCustomerRoutes(deps: { readonly points: Accounts }): Routes {
  const routes = createRoutes('Balances');
  routes.serve(operations.getCustomerPoints, async ({ params: { customer }, req }) => {
    const account = await deps.points.findByCode(`customer/${merchantOf(req)}/${customer}`);
    const none = { balance: '0', reserved: '0', available: '0', pending: '0' };
    return { customer, ...(account === undefined ? none : showAmounts(account)), status: account?.status ?? 'open' };
  });
  return routes;
}

function accountFound(account: AccountRow | undefined): AccountRow {
  if (account === undefined) throw new Problem('not_found', 'there is no such account');
  return account;
}

function accountChanged(change: StatusChange): AccountRow {
  switch (change.kind) {
    case 'done':
      return change.account;
    case 'not_found':
      return accountFound(undefined);
    case 'protected':
      throw new Problem('account_protected', 'money must always be able to reach suspense and fee accounts');
    case 'closed':
      throw new Problem('conflict', 'the account is closed');
    case 'has_holds':
      throw new Problem('account_has_holds', 'a payment on the account is being settled');
    case 'not_empty':
      throw new Problem('account_not_empty', `the account has a balance of ${change.balance}`);
    default:
      return assertNever(change);
  }
}
