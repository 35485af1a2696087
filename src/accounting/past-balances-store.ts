import { type Statement, type Tx, statement } from '../consistency/transaction';
import { lastBalance } from './checkpoints-store';

/** What was posted to an account in one currency, over all parties or of one. Amounts are the database's numerics. */
export interface LedgerSum {
  readonly account: string;
  readonly name: string;
  readonly normal_side: 'debit' | 'credit';
  readonly currency: string;
  readonly debit: string;
  readonly credit: string;
}

export interface PartySum extends LedgerSum {
  readonly party: string;
}

export interface PartyKey {
  readonly account: string;
  readonly party: string;
  readonly currency: string;
}

export interface PartyFilter {
  /** Of these accounts only. */
  readonly accounts: readonly string[] | undefined;
  readonly party: string | undefined;
}

/** A place in the books; what lies at it is included. */
export interface Place {
  readonly link: string;
  readonly position: number;
  readonly line: number;
}

/** Sums over postings take longer than a statement of the payment flow may; who has more time already keeps it. */
const ALLOW_LONG = statement(
  'accounting.postings.allow_long',
  `select set_config('statement_timeout', greatest(setting::int, 30000)::text, true)
     from pg_settings where name = 'statement_timeout'`,
);

/** The last checkpoint up to the link $1; 0 where there is none. */
const CHECKPOINT = `checkpoint as materialized (
  select coalesce(max(link_number), 0) as link from accounting.checkpoints where link_number <= $1::bigint)`;

const SINCE = `
  select id, 1 as sign from accounting.vouchers
   where link_number > (select link from checkpoint) and link_number <= $1::bigint`;

/**
 * The vouchers that make the difference between the checkpoint and a balance by value time: those since the checkpoint and
 * those posted later that count already, less those posted before that do not count yet.
 * @param time the parameter that holds the value time
 */
const sinceByValue = (time: string): string => `${SINCE}
  union all select id, 1 from accounting.vouchers where link_number > $1::bigint and occurred_at <= ${time}::timestamptz
  union all select id, -1 from accounting.vouchers where link_number <= $1::bigint and occurred_at > ${time}::timestamptz`;

/**
 * The lines of the chosen vouchers, by their key, voucher for voucher. The planner does not know how few vouchers there are
 * between two links, and would rather read all postings; `offset 0` keeps it from that.
 */
const LINES = `cross join lateral (
        select account, party, currency, debit, credit from accounting.postings where voucher_id = c.id offset 0) p`;

const TRIAL_BALANCE = (chosen: string): string => `
  with ${CHECKPOINT},
  chosen as (${chosen}),
  parts as (
    select account, currency, debit, credit from accounting.checkpoint_totals
     where link_number = (select link from checkpoint)
    union all
    select p.account collate "C", p.currency collate "C", p.debit * c.sign, p.credit * c.sign
      from chosen c ${LINES}),
  sums as (select account, currency, sum(debit) as debit, sum(credit) as credit from parts group by account, currency)
  select s.account, a.name, a.normal_side, s.currency, s.debit, s.credit
    from sums s join accounting.ledger_accounts a on a.code = s.account
   where s.debit <> 0 or s.credit <> 0
   order by s.account, s.currency`;

/** The parties with a balance at the checkpoint are found by jumping from key to key, not by reading every checkpoint. */
const BY_PARTY = (chosen: string): string => {
  const next = (after: string): string => `
    select b.account, b.party, b.currency from accounting.checkpoint_balances b
     where (b.account, b.party, b.currency) > (${after}) and b.link_number <= (select link from checkpoint)
       and ($6::text[] is null or b.account = any($6)) and ($7::text is null or b.party = $7)
     order by b.account, b.party, b.currency limit 1`;
  return `
  with recursive ${CHECKPOINT},
  keys as (
    select n.account, n.party, n.currency, 1 as nth from (${next('$2, $3, $4')}) n
    union all
    select n.account, n.party, n.currency, k.nth + 1 from keys k
     cross join lateral (${next('k.account, k.party, k.currency')}) n
     where k.nth < $5::int),
  chosen as (${chosen}),
  parts as (
    select k.account, k.party, k.currency, b.debit, b.credit from keys k
     cross join lateral (${lastBalance('k.account', 'k.party', 'k.currency', '(select link from checkpoint)')}) b
    union all
    select p.account collate "C", p.party collate "C", p.currency collate "C", p.debit * c.sign, p.credit * c.sign
      from chosen c ${LINES}
     where (p.account collate "C", p.party collate "C", p.currency collate "C") > ($2, $3, $4)
       and ($6::text[] is null or p.account = any($6)) and ($7::text is null or p.party = $7)),
  sums as (
    select account, party, currency, sum(debit) as debit, sum(credit) as credit from parts
     group by account, party, currency order by account, party, currency limit $5::int)
  select s.account, a.name, a.normal_side, s.party, s.currency, s.debit, s.credit
    from sums s join accounting.ledger_accounts a on a.code = s.account
   where s.debit <> 0 or s.credit <> 0
   order by s.account, s.party, s.currency`;
};

/**
 * The vouchers of the links from one to another lie among these keys, so that lines are looked for in the months of these alone: each
 * month that is looked into costs pages, however little of it is wanted.
 *
 * Each end is said in two ways so that it chooses months and no index: two ends that the planner does not know are a narrow range
 * to it, and it would look through the keys of all parties in that.
 */
export const inMonthsOf = (from: string, upTo: string): string => {
  const [least, end] = [`(select accounting.least_key_from(${from}))`, `(select accounting.least_key_beyond(${upTo}))`];
  return `(voucher_id > ${least} or voucher_id >= ${least}) and (voucher_id < ${end} or voucher_id <= ${end})`;
};

/**
 * One party up to a place: the checkpoint before the place's link, and the party's own lines since, which are a range of one
 * index. Only in the place's own link does it matter where in it a voucher lies.
 */
const AT_PLACE = statement(
  'accounting.balances.at_place',
  `with ${CHECKPOINT.replace('<= $1::bigint', '< $1::bigint')},
   parts as (
     ${lastBalance('$4', '$5', '$6', '(select link from checkpoint)')}
     union all
     select debit, credit from accounting.postings l
      where account = $4 and party = $5 and currency = $6
        and link_number > (select link from checkpoint) and link_number <= $1::bigint
        and ${inMonthsOf('(select link from checkpoint)', '$1::bigint')}
        and (link_number < $1::bigint
             or ((select position from accounting.vouchers where id = l.voucher_id), line) <= ($2::int, $3::int)))
   select coalesce(sum(debit), 0)::text as debit, coalesce(sum(credit), 0)::text as credit from parts`,
);

interface ByTime {
  readonly posted: Statement;
  readonly value: Statement;
}

const byTime = (name: string, text: (chosen: string) => string, time: string): ByTime => ({
  posted: statement(`accounting.balances.${name}`, text(SINCE)),
  value: statement(`accounting.balances.${name}_by_value`, text(sinceByValue(time))),
});
const TRIAL = byTime('trial', TRIAL_BALANCE, '$2');
const PARTIES = byTime('parties', BY_PARTY, '$8');

/** Balances through a link of the chain; with a value time, of what had happened by then. */
export const pastBalancesStore = {
  allowLong: async (tx: Tx<'accounting'>): Promise<void> => {
    await tx.query(ALLOW_LONG);
  },
  trialBalance: (tx: Tx<'accounting'>, link: string, valueTime: string | undefined): Promise<LedgerSum[]> =>
    valueTime === undefined ? tx.query(TRIAL.posted, [link]) : tx.query(TRIAL.value, [link, valueTime]),
  /** In the order of account, party and currency, from the key after `after`. */
  byParty: (
    tx: Tx<'accounting'>,
    point: { readonly link: string; readonly valueTime: string | undefined },
    filter: PartyFilter,
    page: { readonly after: PartyKey; readonly limit: number },
  ): Promise<PartySum[]> => {
    const { account, party, currency } = page.after;
    const values = [point.link, account, party, currency, page.limit, filter.accounts ?? null, filter.party ?? null];
    if (point.valueTime === undefined) return tx.query(PARTIES.posted, values);
    return tx.query(PARTIES.value, [...values, point.valueTime]);
  },
  atPlace: async (
    tx: Tx<'accounting'>,
    { account, party, currency }: PartyKey,
    { link, position, line }: Place,
  ): Promise<{ debit: string; credit: string }> => {
    const [sums] = await tx.query<{ debit: string; credit: string }>(AT_PLACE, [
      link,
      position,
      line,
      account,
      party,
      currency,
    ]);
    return sums ?? { debit: '0', credit: '0' };
  },
};
