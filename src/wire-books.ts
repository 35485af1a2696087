import { CHANNEL_RECEIVABLES, CHART, CONTROL_ACCOUNTS, type LedgerCode } from './accounting/chart';
import { newestPoint } from './accounting/books-point';
import { createAccountingRoutes } from './accounting/routes';
import { partyBalancesAt } from './accounting/trial-balance';
import type { Databases } from './consistency/transaction';
import type { Mount } from './http/app';
import { type TiedAccount, createCompareSubLedgers } from './sub-ledgers/compare-sub-ledgers';
import { createSubLedgerRoutes } from './sub-ledgers/routes';

/** What an accountant reads, below /admin. */
export function booksMounts(databases: Databases): readonly Mount[] {
  const db = databases.accounting;
  const compare = createCompareSubLedgers({
    databases,
    tied: TIED,
    books: {
      newestLink: async () => (await newestPoint(db)).link,
      balances: (link, accounts, after, limit) => {
        const point = { link, hash: null, postedAt: null, at: undefined };
        return partyBalancesAt(db, { point, by: 'posted_at' }, { accounts, party: undefined }, { after, limit });
      },
    },
  });
  return [
    { path: '/', routes: createAccountingRoutes({ db }) },
    { path: '/', routes: createSubLedgerRoutes({ compare }) },
  ];
}

function tied(code: LedgerCode, counterpart: TiedAccount['counterpart']): TiedAccount {
  const { name, normalSide } = CHART[code];
  return { code, name, normalSide, counterpart };
}

/** Each control account with its fund accounts, and what channels owe with the receipts. */
const TIED: readonly TiedAccount[] = [
  tied(CHANNEL_RECEIVABLES, 'receipts'),
  ...(Object.keys(CONTROL_ACCOUNTS) as (keyof typeof CONTROL_ACCOUNTS)[]).map((kind) =>
    tied(CONTROL_ACCOUNTS[kind], kind),
  ),
];
