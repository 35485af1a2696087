import type { Request } from 'express';
import { Problem } from '../../core/errors';
import type { AccountId } from '../../core/ids';
import { merchantOf } from '../../http/caller';
import { type Routes, createRoutes } from '../../http/operation';
import { type Page, listed, readPage, rowsToRead } from '../../http/pagination';
import { sendText } from '../../http/send-text';
import type { AccountRow } from '../accounts-store';
import type { Accounts } from '../manage-accounts';
import type { AccountHistory, AccountPeriod } from '../past-balance';
import { showPastBalance, showStatementEntry, showStatementHead, statementCsv } from '../show-statement';
import { historyOperations } from '../statement-operations';
import type { StatementEntryView } from '../statement-schemas';

export interface HistoryDependencies {
  readonly accounts: Pick<Accounts, 'find'>;
  readonly history: AccountHistory;
}

const OPERATORS = historyOperations('Account', 'a fund account');
const POINTS = historyOperations('PointsAccount', 'a points account');
const MERCHANTS = historyOperations('OwnAccount', "one of the merchant's own accounts, or of its payees'");
const CSV_PAGE = 1_000;

/** Mounted at /admin/accounts, beside the accounts' own routes. */
export function createAccountHistoryRoutes(deps: HistoryDependencies): Routes {
  return createHistoryRoutes('Accounts', OPERATORS, deps, () => true);
}

/** Mounted at /admin/points-accounts. */
export function createPointsHistoryRoutes(deps: HistoryDependencies): Routes {
  return createHistoryRoutes('Points accounts', POINTS, deps, () => true);
}

/** Mounted at /v1/accounts: the merchant's own accounts and those of its payees. */
export function createMerchantHistoryRoutes(deps: HistoryDependencies): Routes {
  return createHistoryRoutes('Accounts', MERCHANTS, deps, (account, req) => account.owner === merchantOf(req));
}

function createHistoryRoutes(
  tag: string,
  operations: ReturnType<typeof historyOperations>,
  { accounts, history }: HistoryDependencies,
  maySee: (account: AccountRow, req: Request) => boolean,
): Routes {
  const accountOf = async (req: Request, id: AccountId): Promise<AccountRow> => {
    const [account] = await accounts.find([id]);
    if (account === undefined || !maySee(account, req)) throw new Problem('not_found', 'there is no such account');
    return account;
  };
  const routes = createRoutes(tag);
  routes.serve(operations.balance, async ({ params, query, req }) => {
    const account = await accountOf(req, params.account_id);
    return showPastBalance(account, await history.balanceAt(account.id, query.at));
  });
  routes.serve(operations.statement, async ({ params, query: { from, to, ...paging }, req }) => {
    const page = readPage(paging, 'text');
    const seen = openPlace(page);
    const account = await accountOf(req, params.account_id);
    const period = await history.period(account.id, from, seen?.to ?? to);
    const totals = seen === undefined ? await history.totals(account.id, period) : undefined;
    const after = seen?.number ?? period.from?.number ?? '0';
    const rows = await history.entries(account.id, period, after, rowsToRead(page));
    const show = (row: (typeof rows)[number]) => showStatementEntry(row, account.unit);
    const { data, next_cursor } = listed(rows, page, show, (row) => `${period.to.at} ${row.number}`);
    return { ...showStatementHead(account, period, totals), data: [...data], next_cursor };
  });
  routes.serve(operations.download, async ({ params, query: { from, to }, req, res }) => {
    const account = await accountOf(req, params.account_id);
    const period = await history.period(account.id, from, to);
    const head = showStatementHead(account, period, await history.totals(account.id, period));
    const lines = statementCsv(head, allEntries(history, account, period));
    await sendText(res, { contentType: 'text/csv', fileName: 'statement.csv' }, lines);
  });
  return routes;
}

async function* allEntries(
  history: AccountHistory,
  account: AccountRow,
  period: AccountPeriod,
): AsyncGenerator<readonly StatementEntryView[], void, undefined> {
  let after: string | undefined = period.from?.number ?? '0';
  while (after !== undefined) {
    const rows = await history.entries(account.id, period, after, CSV_PAGE);
    yield rows.map((row) => showStatementEntry(row, account.unit));
    after = rows.length < CSV_PAGE ? undefined : rows.at(-1)?.number;
  }
}

/** The end of the period with the last entry that was seen: later pages are of the same period, whatever moves. */
const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d{1,18})$/;

function openPlace({ after }: Page): { readonly to: string; readonly number: string } | undefined {
  if (after === undefined) return undefined;
  const [, to, number] = PLACE.exec(after) ?? [];
  if (to === undefined || number === undefined) {
    throw new Problem('invalid_cursor', 'take the cursor as it was given in "next_cursor" of the same list');
  }
  return { to, number };
}
