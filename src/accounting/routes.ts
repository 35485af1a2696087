import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import { readId } from '../core/ids';
import { type Routes, createRoutes } from '../http/operation';
import { type Page, listed, readPage, rowsToRead } from '../http/pagination';
import { sendText } from '../http/send-text';
import * as operations from './accounting-operations';
import { timeOf } from './books-point';
import { exportJournal } from './export/export-journal';
import {
  type LedgerEntry,
  type LedgerStatement,
  allLedgerEntries,
  placeOf,
  readLedgerEntries,
  readLedgerStatement,
  startOf,
} from './ledger-statement';
import { type LedgerAccountRow, ledgerStore } from './ledger-store';
import type { PartyKey, Place } from './past-balances-store';
import { readVouchers } from './read-vouchers';
import { showAsOf, showLedgerAccount, showPartyBalance, showTrialBalance, showVoucher } from './show-books';
import { showLedgerEntry, showStatementHead, statementCsv } from './show-statement';
import { readPartyBalances, readTrialBalance } from './trial-balance';

/** The books for the operator. Mounted at /admin. */
export function createAccountingRoutes({ db }: { readonly db: Database<'accounting'> }): Routes {
  const routes = createRoutes('Books');
  routes.serve(operations.getTrialBalance, async ({ query }) => showTrialBalance(await readTrialBalance(db, query)));
  routes.serve(operations.listLedgerAccounts, async ({ query: { at, by, account, party, ...paging } }) => {
    const page = readPage(paging, 'text');
    const chart = await ledgerStore.chart(db);
    const filter = {
      at,
      by,
      accounts: account === undefined ? undefined : [account],
      party: party === undefined ? undefined : bareParty(party),
    };
    const { asOf, sums } = await readPartyBalances(db, filter, { after: openKey(page.after), limit: rowsToRead(page) });
    const { data, next_cursor } = listed(sums, page, showPartyBalance, makeKey);
    return { chart: chart.map(showLedgerAccount), as_of: showAsOf(asOf), data: [...data], next_cursor };
  });
  routes.serve(operations.listVouchers, async ({ query: { order, receipt, ...paging } }) => {
    const page = readPage(paging);
    const rows = { before: page.after, limit: rowsToRead(page) };
    const vouchers = await readVouchers(db, { orderId: order, receiptId: receipt }, rows);
    const { data, next_cursor } = listed(vouchers, page, showVoucher, (voucher) => voucher.id);
    return { data: [...data], next_cursor };
  });
  serveStatements(routes, db);
  routes.serve(operations.exportJournal, ({ query: { format, from, to }, res }) => {
    const answer = { contentType: 'text/plain', fileName: `journal.${format === 'hledger' ? 'journal' : 'beancount'}` };
    return sendText(res, answer, exportJournal(db, format, { from, to }));
  });
  routes.serve(operations.exportJournalCsv, ({ query, res }) =>
    sendText(res, { contentType: 'text/csv', fileName: 'journal.csv' }, exportJournal(db, 'csv', query)),
  );
  return routes;
}

function serveStatements(routes: Routes, db: Database<'accounting'>): void {
  routes.serve(operations.getLedgerStatement, async ({ params, query: { from, to, party, currency, ...paging } }) => {
    const page = readPage(paging, 'text');
    const seen = openPlace(page);
    const account = await mustBeInChart(db, params.account);
    const key = { account: account.code, party: bareParty(party ?? ''), currency };
    const statement = await readLedgerStatement(db, key, { from, to: seen?.to ?? to });
    const entries = await readLedgerEntries(db, key, statement.period, {
      after: seen?.place ?? startOf(statement.period),
      limit: rowsToRead(page),
    });
    const show = (row: LedgerEntry) => showLedgerEntry(account, currency, row);
    const { data, next_cursor } = listed(entries, page, show, (row) => makePlace(statement, row));
    return { ...showStatementHead(account, key, statement), data: [...data], next_cursor };
  });
  routes.serve(operations.downloadLedgerStatement, async ({ params, query: { from, to, party, currency }, res }) => {
    const account = await mustBeInChart(db, params.account);
    const key = { account: account.code, party: bareParty(party ?? ''), currency };
    const statement = await readLedgerStatement(db, key, { from, to });
    const lines = statementCsv(
      showStatementHead(account, key, statement),
      shownEntries(account, currency, allLedgerEntries(db, key, statement.period)),
    );
    await sendText(res, { contentType: 'text/csv', fileName: `statement-${account.code}.csv` }, lines);
  });
}

async function* shownEntries(account: LedgerAccountRow, currency: string, entries: AsyncIterable<LedgerEntry>) {
  for await (const entry of entries) yield showLedgerEntry(account, currency, entry);
}

async function mustBeInChart(db: Database<'accounting'>, code: string): Promise<LedgerAccountRow> {
  const account = (await ledgerStore.chart(db)).find((row) => row.code === code);
  if (account === undefined) throw new Problem('not_found', `the chart has no account ${code}`);
  return account;
}

/** The party of a posting, of what a caller may have copied from elsewhere: an id of a merchant, or of a payee's account. */
function bareParty(text: string): string {
  const payee = readId('account', text);
  return payee === undefined ? (readId('merchant', text) ?? text) : `payee/${payee}`;
}

/** Neither a code nor a currency has a space in it; what follows the second one is the party. */
function makeKey({ account, currency, party }: PartyKey): string {
  return `${account} ${currency} ${party}`;
}

function openKey(after: string | undefined): PartyKey {
  const [account = '', currency = '', ...party] = (after ?? '').split(' ');
  return { account, currency, party: party.join(' ') };
}

/** The end of the period with the last line that was seen: later pages are of the same period, whatever is posted. */
function makePlace({ period }: LedgerStatement, row: LedgerEntry): string {
  const { link, position, line } = placeOf(row);
  return `${timeOf(period.to)} ${link} ${position} ${line}`;
}

const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) (\d{1,18}) (\d{1,9}) (\d{1,9})$/;

function openPlace({ after }: Page): { readonly to: string; readonly place: Place } | undefined {
  if (after === undefined) return undefined;
  const [, to, link, position, line] = PLACE.exec(after) ?? [];
  if (to === undefined || link === undefined) {
    throw new Problem('invalid_cursor', 'take the cursor as it was given in "next_cursor" of the same list');
  }
  return { to, place: { link, position: Number(position), line: Number(line) } };
}
