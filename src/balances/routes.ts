import { Router } from 'express';
import { Problem, assertNever } from '../core/errors';
import type { AccountId, MerchantId } from '../core/ids';
import { merchantOf } from '../http/caller';
import { listed, readPage, rowsToRead } from '../http/pagination';
import { parse } from '../http/parse';
import type { AccountRow } from './accounts-store';
import {
  accountPath,
  customerPath,
  listAccountsQuery,
  merchantPath,
  openPayeeBody,
  pageQuery,
} from './balances-schemas';
import type { Accounts, PayeeAccounts, StatusChange } from './manage-accounts';
import { showAccount, showAccountToOperator, showAmounts, showEntry } from './show-account';

/** Mounted at /admin/accounts and, over the other participant, at /admin/points-accounts. */
export function createAccountRoutes(deps: { readonly accounts: Accounts }): Router {
  const { accounts } = deps;
  const router = Router();
  router.get('/', async (req, res) => {
    const { owner, kind, ...paging } = parse(listAccountsQuery, req.query, 'query');
    const page = readPage(paging);
    const rows = await accounts.list({ owner, kind, after: page.after, limit: rowsToRead(page) });
    res.json(listed(rows, page, showAccountToOperator, (row) => row.id));
  });
  router.get('/:account_id', async (req, res) => {
    const { account_id: id } = parse(accountPath, req.params, 'path');
    res.json(showAccountToOperator(accountFound((await accounts.find([id]))[0])));
  });
  for (const verb of ['freeze', 'unfreeze', 'close'] as const) {
    router.post(`/:account_id/${verb}`, async (req, res) => {
      const { account_id: id } = parse(accountPath, req.params, 'path');
      res.json(showAccountToOperator(accountChanged(await accounts[verb](id))));
    });
  }
  return router;
}

/** Mounted at /admin/merchants, beside the merchants' own routes. */
export function createPayeeAccountRoutes(deps: {
  readonly payees: PayeeAccounts;
  /** @throws Problem `not_found` where there is no such merchant */
  readonly mustBeMerchant: (id: MerchantId) => Promise<unknown>;
}): Router {
  const router = Router();
  router.post('/:merchant_id/accounts', async (req, res) => {
    const { merchant_id: merchantId } = parse(merchantPath, req.params, 'path');
    const { reference, currency } = parse(openPayeeBody, req.body, 'body');
    await deps.mustBeMerchant(merchantId);
    res.status(201).json(showAccountToOperator(await deps.payees.open(merchantId, reference, currency)));
  });
  return router;
}

/** Mounted at /v1/accounts: the merchant's own accounts and those of its payees. */
export function createMerchantAccountRoutes(deps: { readonly accounts: Accounts }): Router {
  const { accounts } = deps;
  const ownAccount = async (merchantId: MerchantId, id: AccountId): Promise<AccountRow> =>
    accountFound((await accounts.find([id])).find((account) => account.owner === merchantId));
  const router = Router();
  router.get('/', async (req, res) => {
    const page = readPage(parse(pageQuery, req.query, 'query'));
    const filter = { owner: merchantOf(req), kind: undefined, after: page.after, limit: rowsToRead(page) };
    res.json(listed(await accounts.list(filter), page, showAccount, (row) => row.id));
  });
  router.get('/:account_id', async (req, res) => {
    const { account_id: id } = parse(accountPath, req.params, 'path');
    res.json(showAccount(await ownAccount(merchantOf(req), id)));
  });
  router.get('/:account_id/entries', async (req, res) => {
    const { account_id: id } = parse(accountPath, req.params, 'path');
    const page = readPage(parse(pageQuery, req.query, 'query'), 'number');
    const account = await ownAccount(merchantOf(req), id);
    const rows = await accounts.entries(id, page.after, rowsToRead(page));
    res.json(
      listed(
        rows,
        page,
        (row) => showEntry(row, account.unit),
        (row) => row.number,
      ),
    );
  });
  return router;
}

/** Mounted at /v1/customers. A customer who never earned anything has no account, and no points. */
export function createCustomerRoutes(deps: { readonly points: Accounts }): Router {
  const router = Router();
  router.get('/:customer/points', async (req, res) => {
    const { customer } = parse(customerPath, req.params, 'path');
    const account = await deps.points.findByCode(`customer/${merchantOf(req)}/${customer}`);
    const none = { balance: '0', reserved: '0', available: '0', pending: '0' };
    res.json({ customer, ...(account === undefined ? none : showAmounts(account)), status: account?.status ?? 'open' });
  });
  return router;
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
