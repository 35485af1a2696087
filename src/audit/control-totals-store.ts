import { type Database, statement } from '../consistency/transaction';

export interface FundTotal {
  readonly kind: string;
  /** As postings name it: a merchant's id, the code of a payee's account; empty for the house's own accounts. */
  readonly party: string;
  readonly currency: string;
  readonly total: string;
}

export interface BooksTotal {
  readonly account: string;
  readonly party: string;
  readonly currency: string;
  readonly total: string;
}

/** What has happened so far, and whether anything is under way that has not reached both databases yet. */
export interface Activity {
  readonly quiet: boolean;
  readonly decided: string;
}

const FUNDS = statement(
  'audit.accounts.totals',
  `select kind, case kind when 'merchant' then owner when 'payee' then code else '' end as party, unit as currency,
          sum(balance) as total
     from accounts.accounts group by 1, 2, 3`,
);

const BOOKS = statement(
  'audit.postings.totals',
  `select account, party, currency, sum(credit) - sum(debit) as total from accounting.postings
    where account = any($1::text[]) group by account, party, currency`,
);

const ACTIVITY = statement(
  'audit.activity',
  `select not exists (select 1 from orders.global_transactions where status in ('trying', 'confirming', 'cancelling'))
          and not exists (select 1 from orders.outbox where status = 'due') as quiet,
          (select count(*) from orders.receipts where outcome is not null) as decided`,
);

export const controlTotalsStore = {
  funds: (db: Database<'accounts'>): Promise<FundTotal[]> => db.query(FUNDS),
  books: (db: Database<'accounting'>, accounts: readonly string[]): Promise<BooksTotal[]> =>
    db.query(BOOKS, [accounts]),
  activity: async (db: Database<'orders'>): Promise<Activity> =>
    (await db.query<Activity>(ACTIVITY))[0] ?? { quiet: false, decided: '' },
};
