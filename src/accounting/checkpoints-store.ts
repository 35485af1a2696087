import { type Tx, statement } from '../consistency/transaction';

const LOCK = statement(
  'accounting.checkpoints.lock',
  `select pg_try_advisory_xact_lock(hashtextextended('quittance books checkpoints', 0)) as mine`,
);

/** The first link with which so many vouchers have been posted since the last checkpoint, and that checkpoint's link. */
const NEXT = statement(
  'accounting.checkpoints.next',
  `select r.number, r.checkpoint
     from (select l.number, l.checkpoint, sum(l.vouchers) over (order by l.number) as vouchers
             from (select number, vouchers, c.checkpoint from accounting.links
                    cross join (select coalesce(max(link_number), 0) as checkpoint from accounting.checkpoints) c
                    where number > c.checkpoint order by number limit $1) l) r
    where r.vouchers >= $1 order by r.number limit 1`,
);

const INSERT = statement(
  'accounting.checkpoints.insert',
  'insert into accounting.checkpoints (link_number) values ($1)',
);

/** The lines of the links after the checkpoint $2 up to the link $1. */
export const LINES_BETWEEN = `
  select p.account collate "C" as account, p.party collate "C" as party, p.currency collate "C" as currency, p.debit, p.credit
    from accounting.vouchers v join accounting.postings p on p.voucher_id = v.id
   where v.link_number > $2::bigint and v.link_number <= $1::bigint`;

/**
 * What a party had at the last checkpoint up to a link at which it had moved; no row where there is none. The comparison of rows
 * fits the primary key alone, so that it is one look there: the index by link is ordered by link as well, and would be walked back
 * through the balances of all others to a party that has not moved for long.
 */
export const lastBalance = (account: string, party: string, currency: string, link: string): string => `
  select l.debit, l.credit
    from (select * from accounting.checkpoint_balances
           where (account, party, currency, link_number) <= (${account}, ${party}, ${currency}, ${link})
           order by account desc, party desc, currency desc, link_number desc limit 1) l
   where l.account = ${account} and l.party = ${party} and l.currency = ${currency}`;

const INSERT_TOTALS = statement(
  'accounting.checkpoint_totals.insert',
  `insert into accounting.checkpoint_totals (link_number, account, currency, debit, credit)
   select $1::bigint, account, currency, sum(debit), sum(credit)
     from (select account, currency, debit, credit from accounting.checkpoint_totals where link_number = $2::bigint
           union all select account, currency, debit, credit from (${LINES_BETWEEN}) l) s
    group by account, currency`,
);

const INSERT_BALANCES = statement(
  'accounting.checkpoint_balances.insert',
  `insert into accounting.checkpoint_balances (account, party, currency, link_number, debit, credit)
   select m.account, m.party, m.currency, $1::bigint, m.debit + coalesce(b.debit, 0), m.credit + coalesce(b.credit, 0)
     from (select account, party, currency, sum(debit) as debit, sum(credit) as credit
             from (${LINES_BETWEEN}) l group by account, party, currency) m
     left join lateral (${lastBalance('m.account', 'm.party', 'm.currency', '$2::bigint')}) b on true`,
);

export interface NextCheckpoint {
  readonly number: string;
  /** The link of the checkpoint before; '0' where there is none. */
  readonly checkpoint: string;
}

export const checkpointsStore = {
  /** False where another process is making one; held until the transaction ends. */
  tryLock: async (tx: Tx<'accounting'>): Promise<boolean> =>
    (await tx.query<{ mine: boolean }>(LOCK))[0]?.mine === true,
  next: async (tx: Tx<'accounting'>, vouchers: number): Promise<NextCheckpoint | undefined> =>
    (await tx.query<NextCheckpoint>(NEXT, [vouchers]))[0],
  /** A balance gets a row only where it has moved since the checkpoint before; totals always get one. */
  insert: async (tx: Tx<'accounting'>, { number, checkpoint }: NextCheckpoint): Promise<void> => {
    await tx.query(INSERT, [number]);
    await tx.query(INSERT_TOTALS, [number, checkpoint]);
    await tx.query(INSERT_BALANCES, [number, checkpoint]);
  },
};
