import { asOperator, operatorCase, paidMerchant } from './books-calls';
import type { ContractCase } from './contract-case';

const paid = (operation: string, about: string, path: (merchantId: string) => string): ContractCase => ({
  operation,
  about,
  status: 200,
  call: async (world) => {
    const { merchant } = await paidMerchant(world);
    return asOperator(world, path(merchant.id));
  },
});

export const cases: readonly ContractCase[] = [
  paid('getTrialBalance', 'now', () => '/trial-balance'),
  paid('getTrialBalance', 'at a past instant', () => '/trial-balance?at=2026-01-01T00:00:00%2B01:00&by=posted_at'),
  paid('getTrialBalance', 'by value time', () => '/trial-balance?by=occurred_at'),
  operatorCase('getTrialBalance', 'in the future', 400, '/trial-balance?at=2190-01-01T00:00:00Z'),
  paid('listLedgerAccounts', 'a page', () => '/ledger-accounts?limit=1'),
  paid('listLedgerAccounts', 'one party', (id) => `/ledger-accounts?account=2100&party=${id}&at=2026-01-01T00:00:00Z`),
  operatorCase('listLedgerAccounts', 'a cursor that is not ours', 400, '/ledger-accounts?cursor=nonsense'),
  paid(
    'getLedgerStatement',
    'of a merchant',
    (id) => `/ledger-accounts/2100/statement?party=${id}&currency=USD&limit=1`,
  ),
  operatorCase(
    'getLedgerStatement',
    'that ends before it begins',
    400,
    '/ledger-accounts/4100/statement?currency=USD&from=2026-02-01&to=2026-01-01',
  ),
  operatorCase(
    'getLedgerStatement',
    'of an account that the chart does not have',
    404,
    '/ledger-accounts/9999/statement?currency=USD',
  ),
  paid(
    'downloadLedgerStatement',
    'of a merchant',
    (id) => `/ledger-accounts/2100/statement.csv?party=${id}&currency=USD`,
  ),
  operatorCase(
    'downloadLedgerStatement',
    'of an account that the chart does not have',
    404,
    '/ledger-accounts/9999/statement.csv?currency=USD',
  ),
  paid('listVouchers', 'a page', () => '/vouchers?limit=1'),
  operatorCase('listVouchers', 'of no id', 400, '/vouchers?order=1'),
  paid('exportJournal', 'for hledger', () => '/journal/export?format=hledger'),
  paid('exportJournal', 'for beancount, of a period', () => '/journal/export?format=beancount&from=2026-01-01'),
  operatorCase('exportJournal', 'in a format that there is not', 400, '/journal/export?format=ledger'),
  paid('exportJournalCsv', 'of everything', () => '/journal/export.csv'),
  operatorCase('exportJournalCsv', 'of the future', 400, '/journal/export.csv?to=2190-01-01'),
  paid('listSubLedgers', 'a page', () => '/sub-ledgers?limit=2'),
  operatorCase('listSubLedgers', 'a cursor that is not ours', 400, '/sub-ledgers?cursor=nonsense'),
];
