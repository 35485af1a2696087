import { columnsOf } from '../consistency/columns';
import { type Database, type Queryable, type Tx, statement } from '../consistency/transaction';

/** A line of a sub-ledger: an account of the books, a party, a currency. */
export interface LineKey {
  readonly account: string;
  readonly party: string;
  readonly currency: string;
}

export interface FundRow extends LineKey {
  readonly id: string;
  readonly balance: string;
  /** With the balance, of one moment. */
  readonly entry_count: string;
}

export interface Sum extends LineKey {
  readonly amount: string;
}

/** A receipt that was decided, with its transaction. */
export interface RecentRow {
  readonly gid: string;
  readonly receipt_id: string;
}

const UNDER_WAY = `
  select gid, receipt_id from orders.global_transactions where status = 'confirming' and next_try_at is not null
  union select (payload ->> 'gid')::uuid, event_key::uuid from orders.outbox where status = 'due' and topic = 'voucher'`;

/** The least id that can have been made so many milliseconds ago: an id begins with its time (UUIDv7). */
const BEGIN = statement(
  'sub_ledgers.begin',
  `select (lpad(to_hex((extract(epoch from clock_timestamp()) * 1000)::bigint - $1::bigint), 12, '0') || '00000000000000000000')::uuid
          as since`,
);

const UNDER_WAY_NOW = statement('sub_ledgers.under_way', UNDER_WAY);

const RECENT = statement(
  'sub_ledgers.recent',
  `${UNDER_WAY} union select (payload ->> 'gid')::uuid, event_key::uuid from orders.outbox where id >= $1::uuid and topic = 'voucher'`,
);

const ALLOW_LONG = statement('sub_ledgers.allow_long', `select set_config('statement_timeout', '30s', true)`);

const RECEIPTS = statement(
  'sub_ledgers.receipts',
  `select $1::text as account, c.name as party, r.currency, r.amount
     from (select channel_id, currency, sum(amount) as amount from orders.receipts where outcome is not null
            group by channel_id, currency) r
     join orders.channels c on c.id = r.channel_id`,
);

const RECEIPTS_OF = statement(
  'sub_ledgers.receipts_of',
  `select $1::text as account, c.name as party, r.currency, sum(r.amount) as amount
     from orders.receipts r join orders.channels c on c.id = r.channel_id
    where r.outcome is not null and r.id = any($2::uuid[]) group by c.name, r.currency`,
);

/** A kind of fund account and its account of the books. */
type Control = readonly [kind: string, account: string];
const controlColumns = columnsOf<Control>(
  ([kind]) => kind,
  ([, account]) => account,
);

const FUNDS = statement(
  'sub_ledgers.funds',
  `select f.id, f.account, f.party, f.currency, f.balance, f.entry_count
     from (select a.id, k.account collate "C" as account, a.unit collate "C" as currency, a.balance, a.entry_count,
                  (case a.kind when 'merchant' then a.owner when 'payee' then a.code else '' end) collate "C" as party
             from accounts.accounts a join unnest($1::text[], $2::text[]) as k(kind, account) on k.kind = a.kind
            where a.entry_count > 0 or a.balance <> 0) f
    where (f.account, f.party, f.currency) > ($3, $4, $5) order by f.account, f.party, f.currency limit $6`,
);

const ENTRIES_OF = statement(
  'sub_ledgers.entries_of',
  `select e.account_id as id, sum(e.amount) as amount
     from accounts.entries e join unnest($2::uuid[], $3::bigint[]) as a(id, entry_count)
       on e.account_id = a.id and e.number <= a.entry_count
    where e.gid = any($1::uuid[]) group by e.account_id`,
);

const fundColumns = columnsOf<FundRow>(
  (fund) => fund.id,
  (fund) => fund.entry_count,
);

/** Debits less credits. */
const POSTINGS_OF = statement(
  'sub_ledgers.postings_of',
  `select p.account, p.party, p.currency, sum(p.debit - p.credit) as amount
     from accounting.vouchers v join accounting.postings p on p.voucher_id = v.id
    where v.gid = any($1::uuid[]) and v.link_number <= $2::bigint and p.account = any($3::text[])
    group by p.account, p.party, p.currency`,
);

export const subLedgersStore = {
  begin: async (db: Database<'orders'>, agoMs: number): Promise<{ since: string; underWay: RecentRow[] }> => {
    const [row] = await db.query<{ since: string }>(BEGIN, [agoMs]);
    if (row === undefined) throw new Error('the clock gave no row');
    return { since: row.since, underWay: await db.query<RecentRow>(UNDER_WAY_NOW) };
  },
  recent: async (tx: Tx<'orders'>, since: string): Promise<RecentRow[]> => {
    await tx.query(ALLOW_LONG);
    return tx.query(RECENT, [since]);
  },
  receipts: (tx: Tx<'orders'>, account: string): Promise<Sum[]> => tx.query(RECEIPTS, [account]),
  receiptsOf: (tx: Tx<'orders'>, account: string, receiptIds: readonly string[]): Promise<Sum[]> =>
    tx.query(RECEIPTS_OF, [account, receiptIds]),
  funds: (
    db: Queryable<'accounts'>,
    controls: readonly Control[],
    { account, party, currency }: LineKey,
    limit: number,
  ): Promise<FundRow[]> => db.query(FUNDS, [...controlColumns(controls), account, party, currency, limit]),
  entriesOf: (
    db: Queryable<'accounts'>,
    gids: readonly string[],
    funds: readonly FundRow[],
  ): Promise<{ id: string; amount: string }[]> => db.query(ENTRIES_OF, [gids, ...fundColumns(funds)]),
  postingsOf: (
    db: Queryable<'accounting'>,
    gids: readonly string[],
    link: string,
    accounts: readonly string[],
  ): Promise<Sum[]> => db.query(POSTINGS_OF, [gids, link, accounts]),
};
