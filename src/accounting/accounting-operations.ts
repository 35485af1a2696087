import { operation } from '../http/operation';
import { pageOf } from '../http/shown';
import * as schemas from './accounting-schemas';

const AS_OF =
  'Without `at`, what the books say now. With `at`, what they said then: `by=posted_at` (the default) counts by the time ' +
  'of posting, and such a balance never changes afterwards; `by=occurred_at` counts by the time of the business event, and ' +
  'vouchers that are posted later may still change it.';
const PERIOD =
  '`from` is included and `to` is not; both are instants, or dates that stand for their first instant in UTC.';

export const getTrialBalance = operation({
  id: 'getTrialBalance',
  method: 'get',
  path: '/trial-balance',
  summary: 'Show the trial balance, now or at a past instant',
  description: AS_OF,
  query: schemas.trialBalanceQuery,
  answer: { status: 200, description: 'The trial balance', schema: schemas.trialBalanceView },
  problems: ['invalid_request'],
});

export const listLedgerAccounts = operation({
  id: 'listLedgerAccounts',
  method: 'get',
  path: '/ledger-accounts',
  summary: 'List the balance of every party of every account of the books, now or at a past instant',
  description: `${AS_OF} Pages of a list without \`at\` are each of their own moment.`,
  query: schemas.ledgerAccountsQuery,
  answer: { status: 200, description: 'A page of balances, and the chart', schema: schemas.ledgerAccountsView },
  problems: ['invalid_request', 'invalid_cursor'],
  example: { query: { account: '2100', limit: '20' } },
});

export const getLedgerStatement = operation({
  id: 'getLedgerStatement',
  method: 'get',
  path: '/ledger-accounts/:account/statement',
  summary: 'Show what was posted to one party of an account in a period',
  description: PERIOD,
  params: schemas.ledgerPath,
  query: schemas.ledgerStatementQuery,
  answer: {
    status: 200,
    description: 'The statement, with a page of its entries',
    schema: schemas.ledgerStatementView,
  },
  problems: ['invalid_request', 'invalid_cursor', 'not_found'],
  example: { params: { account: '4100' }, query: { currency: 'USD', from: '2026-11-01', to: '2026-12-01' } },
});

export const downloadLedgerStatement = operation({
  id: 'downloadLedgerStatement',
  method: 'get',
  path: '/ledger-accounts/:account/statement.csv',
  summary: 'Download the statement of one party of an account as CSV',
  description: PERIOD,
  params: schemas.ledgerPath,
  query: schemas.ledgerStatementCsvQuery,
  answer: { status: 200, description: 'The whole statement', contentType: 'text/csv' },
  problems: ['invalid_request', 'not_found'],
  example: { params: { account: '4100' }, query: { currency: 'USD', from: '2026-11-01', to: '2026-12-01' } },
});

export const listVouchers = operation({
  id: 'listVouchers',
  method: 'get',
  path: '/vouchers',
  summary: 'List vouchers with their postings, newest first',
  query: schemas.vouchersQuery,
  answer: { status: 200, description: 'A page of vouchers', schema: pageOf(schemas.voucherView) },
  problems: ['invalid_request', 'invalid_cursor'],
  example: { query: { limit: '20' } },
});

export const exportJournal = operation({
  id: 'exportJournal',
  method: 'get',
  path: '/journal/export',
  summary: 'Export the journal for hledger or beancount',
  description: `${PERIOD} A period begins with opening balances; every export ends with assertions of its closing balances.`,
  query: schemas.exportQuery,
  answer: { status: 200, description: 'The journal', contentType: 'text/plain' },
  problems: ['invalid_request'],
  example: { query: { format: 'hledger', from: '2026-11-01', to: '2026-12-01' } },
});

export const exportJournalCsv = operation({
  id: 'exportJournalCsv',
  method: 'get',
  path: '/journal/export.csv',
  summary: 'Export the journal as CSV, a line per posting',
  description: `${PERIOD} A period begins with opening balances.`,
  query: schemas.exportCsvQuery,
  answer: { status: 200, description: 'The journal', contentType: 'text/csv' },
  problems: ['invalid_request'],
  example: { query: { from: '2026-11-01', to: '2026-12-01' } },
});
