import { type Tx, statement } from '../consistency/transaction';
import { CHART } from './chart';
import { LINES_BETWEEN, lastBalance } from './checkpoints-store';

/** Something in the books that is wrong, and at which link; null where it lies under none. */
export interface BooksFault {
  readonly link: string | null;
  readonly reason: string;
}

const ALLOW_LONG = statement('accounting.verify.allow_long', `select set_config('statement_timeout', '600s', true)`);

const STRAY_VOUCHER = statement(
  'accounting.verify.stray_voucher',
  `select v.link_number::text as link, 'voucher ' || v.id || ' lies under a link that is not there' as reason
     from accounting.vouchers v where not exists (select 1 from accounting.links l where l.number = v.link_number)
    order by v.link_number limit 1`,
);

const STRAY_POSTING = statement(
  'accounting.verify.stray_posting',
  `select null as link, 'a posting belongs to voucher ' || p.voucher_id || ', which is not there' as reason
     from accounting.postings p where not exists (select 1 from accounting.vouchers v where v.id = p.voucher_id) limit 1`,
);

/** The content of a voucher does not have its lines' link, by which balances and statements of a party are read. */
const MISPLACED_POSTING = statement(
  'accounting.verify.misplaced_posting',
  `select v.link_number::text as link, 'a line of voucher ' || v.id || ' lies under link ' || p.link_number as reason
     from accounting.postings p join accounting.vouchers v on v.id = p.voucher_id
    where p.link_number <> v.link_number order by v.link_number limit 1`,
);

/** Lines lie in the month of their voucher's key, and are looked for in those in which it may lie by the time of its link. */
const MISDATED_VOUCHER = statement(
  'accounting.verify.misdated_voucher',
  `select v.link_number::text as link, 'the key of voucher ' || v.id || ' is not of the time at which it was posted' as reason
     from accounting.vouchers v cross join (select accounting.key_skew() as skew offset 0) s
    where accounting.time_of_key(v.id) not between v.posted_at - s.skew and v.posted_at + s.skew
    order by v.link_number limit 1`,
);

const DOUBLE_LINK = statement(
  'accounting.verify.double_link',
  `select min(number)::text as link, 'several links follow the same one: the chain is forked' as reason
     from accounting.links group by previous_hash having count(*) > 1 order by min(number) limit 1`,
);

const CHART_ROWS = statement(
  'accounting.verify.chart',
  'select code, name, type, normal_side, party from accounting.ledger_accounts order by code',
);

const CHECKPOINTS = statement(
  'accounting.verify.checkpoints',
  `select c.link_number::text as number, exists (select 1 from accounting.links l where l.number = c.link_number) as is_linked
     from accounting.checkpoints c where c.link_number > $1::bigint order by c.link_number limit 1000`,
);

/** What a checkpoint has and must not, or the other way round: the one before it, and the lines in between, decide. */
const WRONG_TOTAL = statement(
  'accounting.verify.checkpoint_total',
  `select account || ' ' || currency as what
     from (select account, currency, sum(debit) as debit, sum(credit) as credit
             from (select account, currency, debit, credit from accounting.checkpoint_totals where link_number = $2::bigint
                   union all select account, currency, debit, credit from (${LINES_BETWEEN}) l) e
            group by account, currency) e
     full join (select account, currency, debit, credit from accounting.checkpoint_totals where link_number = $1::bigint) s
       using (account, currency)
    where (e.debit, e.credit) is distinct from (s.debit, s.credit) order by 1 limit 1`,
);

const WRONG_BALANCE = statement(
  'accounting.verify.checkpoint_balance',
  `select account || ' ' || party || ' ' || currency as what
     from (select m.account, m.party, m.currency,
                  m.debit + coalesce(b.debit, 0) as debit, m.credit + coalesce(b.credit, 0) as credit
             from (select account, party, currency, sum(debit) as debit, sum(credit) as credit
                     from (${LINES_BETWEEN}) l group by account, party, currency) m
             left join lateral (${lastBalance('m.account', 'm.party', 'm.currency', '$2::bigint')}) b on true) e
     full join (select account, party, currency, debit, credit from accounting.checkpoint_balances
                 where link_number = $1::bigint) s using (account, party, currency)
    where (e.debit, e.credit) is distinct from (s.debit, s.credit) order by 1 limit 1`,
);

const STRAY_SUM = statement(
  'accounting.verify.stray_sum',
  `select link_number::text as link, 'a running sum belongs to a checkpoint that is not there' as reason
     from (select link_number from accounting.checkpoint_balances union all
           select link_number from accounting.checkpoint_totals) s
    where not exists (select 1 from accounting.checkpoints c where c.link_number = s.link_number) limit 1`,
);

interface ChartRow {
  readonly code: string;
  readonly name: string;
  readonly type: string;
  readonly normal_side: string;
  readonly party: string;
}

/** What the walk along the chain cannot see: rows that no link leads to, the chart, and the checkpoints. */
export const booksFaultsStore = {
  /** Reads of whole tables take longer than a statement of the payment flow may. */
  allowLong: async (tx: Tx<'accounting'>): Promise<void> => {
    await tx.query(ALLOW_LONG);
  },
  fork: async (tx: Tx<'accounting'>): Promise<BooksFault | undefined> => (await tx.query<BooksFault>(DOUBLE_LINK))[0],
  stray: async (tx: Tx<'accounting'>): Promise<BooksFault | undefined> =>
    (await tx.query<BooksFault>(STRAY_VOUCHER))[0] ??
    (await tx.query<BooksFault>(STRAY_POSTING))[0] ??
    (await tx.query<BooksFault>(MISPLACED_POSTING))[0] ??
    (await tx.query<BooksFault>(MISDATED_VOUCHER))[0],
  chart: async (tx: Tx<'accounting'>): Promise<BooksFault | undefined> => {
    const rows = await tx.query<ChartRow>(CHART_ROWS);
    const known = new Map(Object.entries(CHART));
    const wrong = rows.find((row) => {
      const account = known.get(row.code);
      known.delete(row.code);
      return (
        account?.name !== row.name ||
        account.type !== row.type ||
        account.normalSide !== row.normal_side ||
        account.party !== row.party
      );
    });
    const code = wrong?.code ?? [...known.keys()][0];
    return code === undefined ? undefined : { link: null, reason: `account ${code} is not as the chart has it` };
  },
  checkpoints: (tx: Tx<'accounting'>, after: string): Promise<{ number: string; is_linked: boolean }[]> =>
    tx.query(CHECKPOINTS, [after]),
  /** @param previous the link of the checkpoint before; '0' for none */
  wrongSum: async (tx: Tx<'accounting'>, number: string, previous: string): Promise<string | undefined> => {
    const [total] = await tx.query<{ what: string }>(WRONG_TOTAL, [number, previous]);
    if (total !== undefined) return total.what;
    return (await tx.query<{ what: string }>(WRONG_BALANCE, [number, previous]))[0]?.what;
  },
  straySum: async (tx: Tx<'accounting'>): Promise<BooksFault | undefined> => (await tx.query<BooksFault>(STRAY_SUM))[0],
};
