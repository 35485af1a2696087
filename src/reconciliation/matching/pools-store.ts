import { type Queryable, type Tx, statement } from '../../consistency/transaction';
import type { ChannelId } from '../../core/ids';
import type { RunId, RunningRun } from '../run';

/** What one side has and the other has not yet, per channel and on both sides. */
export interface PoolRow {
  readonly number: string;
  readonly channel: string;
  readonly side: 'ours' | 'bank';
  readonly receipt_id: string | null;
  readonly line_run: RunId | null;
  readonly line_number: number | null;
  readonly provider_reference: string | null;
  readonly payment_reference: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly note: string | null;
  readonly status: 'waiting' | 'overdue' | 'ended';
  readonly since: Date;
  readonly due_at: Date;
}

/** Whatever a line has met, and whatever line has met something, waits no more. */
const END = statement(
  'orders.reconciliation_pool.end',
  `update orders.reconciliation_pool p set status = 'ended', ended_at = clock_timestamp()
    where p.channel_id = $2 and p.status <> 'ended'
      and (exists (select 1 from orders.reconciliation_matches m where m.receipt_id = p.receipt_id)
           or exists (select 1 from orders.reconciliation_matches m
                       where m.channel_id = p.channel_id and m.identity = p.identity)
           or exists (select 1 from orders.reconciliation_results x
                       where x.run_id = $1 and x.identity = p.identity and x.line_run = p.line_run
                         and x.class not in ('waiting_with_us', 'repeated', 'duplicate_line')))`,
);

/**
 * Our receipts that no line has met, received before the statement's day was over in the channel's time zone and not before
 * the window, or the end of the last statement before it. A receipt's id begins with its time, so the primary key finds a
 * day; the margin is for clocks of processes that differ from the database's. They are due so many days after their own.
 *
 * $1 run, $2 channel, $3 provider, $4 receiving account, $5 rules, $6 the statement's date.
 */
const POOL_OURS = statement(
  'orders.reconciliation_pool.pool_ours',
  `with days as (
     select ($6::date + 1)::timestamp at time zone ($5::jsonb ->> 'time_zone') as until,
            least($6::date - ($5::jsonb ->> 'window_days')::int,
                  (select max(p.statement_date) + 1 from orders.statement_runs p
                    where p.channel_id = $2 and p.kind = 'statement' and p.status = 'done' and p.statement_date < $6::date)
                 )::timestamp at time zone ($5::jsonb ->> 'time_zone') as since),
   ids as (
     select (lpad(to_hex((extract(epoch from since - interval '1 hour') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
              as first,
            (lpad(to_hex((extract(epoch from until + interval '1 hour') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
              as last from days),
   pooled as (
     insert into orders.reconciliation_pool (channel_id, side, receipt_id, amount, currency, since, due_at)
     select $2, 'ours', r.id, r.amount, r.currency, r.received_at,
            ((r.received_at at time zone ($5::jsonb ->> 'time_zone'))::date + 1 + ($5::jsonb ->> 'due_days')::int)::timestamp
              at time zone ($5::jsonb ->> 'time_zone')
       from days, ids, orders.receipts r
      where r.id between ids.first and ids.last and r.provider = $3 and r.receiving_account = $4
        and r.received_at >= days.since and r.received_at < days.until
        and not exists (select 1 from orders.reconciliation_matches m where m.receipt_id = r.id)
      order by r.id
     on conflict do nothing
     returning receipt_id, amount, currency)
   insert into orders.reconciliation_results (run_id, class, receipt_id, amount, currency, our_amount, our_currency)
   select $1, 'waiting_at_bank', receipt_id, amount, currency, amount, currency from pooled order by receipt_id`,
);

const POOL_BANK = statement(
  'orders.reconciliation_pool.pool_bank',
  `insert into orders.reconciliation_pool
     (channel_id, side, identity, line_run, line_number, amount, currency, note, due_at)
   select $2, 'bank', x.identity, x.line_run, x.line_number, x.amount, x.currency, x.note,
          ((greatest(coalesce(l.occurred_at, '-infinity'), $4::date::timestamp at time zone ($3::jsonb ->> 'time_zone'))
              at time zone ($3::jsonb ->> 'time_zone'))::date + 1 + ($3::jsonb ->> 'due_days')::int)::timestamp
            at time zone ($3::jsonb ->> 'time_zone')
     from orders.reconciliation_results x
     join orders.statement_lines l on l.run_id = x.line_run and l.number = x.line_number
    where x.run_id = $1 and x.class = 'waiting_with_us'
    order by x.number
   on conflict do nothing`,
);

/** Told once: what stays overdue is an incident already, and is still looked for. */
const OVERDUE = statement(
  'orders.reconciliation_pool.overdue',
  `with late as (
     update orders.reconciliation_pool set status = 'overdue'
      where channel_id = $2 and status = 'waiting' and due_at <= (select clock_timestamp())
     returning *)
   insert into orders.reconciliation_results
     (run_id, class, line_run, line_number, identity, receipt_id, amount, currency, our_amount, our_currency, note)
   select $1, case side when 'ours' then 'missing_at_bank' else 'missing_with_us' end, line_run, line_number, identity,
          receipt_id, amount, currency, case side when 'ours' then amount end, case side when 'ours' then currency end, note
     from late order by number`,
);

const LIST = statement(
  'orders.reconciliation_pool.list',
  `select p.number, c.name as channel, p.side, p.receipt_id, p.line_run, p.line_number, p.amount, p.currency, p.note,
          p.status, p.since, p.due_at,
          coalesce(r.provider_reference, l.provider_reference) as provider_reference,
          coalesce(r.payment_reference, l.payment_reference) as payment_reference
     from orders.reconciliation_pool p join orders.channels c on c.id = p.channel_id
     left join orders.receipts r on r.id = p.receipt_id
     left join orders.statement_lines l on l.run_id = p.line_run and l.number = p.line_number
    where p.status <> 'ended' and ($1::text is null or c.name = $1) and ($2::text is null or p.side = $2)
      and ($3::text is null or p.status = $3) and ($4::bigint is null or p.number < $4)
    order by p.number desc limit $5`,
);

/** Of one channel at a time: two runs that match side by side could both give a receipt to a line. */
const LOCK_CHANNEL = statement(
  'orders.reconciliation.lock_channel',
  `select pg_advisory_xact_lock(hashtextextended('reconciliation ' || $1::text, 0))`,
);

export interface PoolFilter {
  readonly channel: string | undefined;
  readonly side: 'ours' | 'bank' | undefined;
  readonly status: 'waiting' | 'overdue' | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

export const poolsStore = {
  lockChannel: async (tx: Tx<'orders'>, channel: ChannelId): Promise<void> => {
    await tx.query(LOCK_CHANNEL, [channel]);
  },
  /** Ends what has been met, puts in what has not, and says what is overdue. */
  examine: async (tx: Tx<'orders'>, { id, kind, channel, rules, statement_date: date }: RunningRun): Promise<void> => {
    await tx.query(END, [id, channel.id]);
    if (kind === 'statement') {
      const values = [id, channel.id, channel.provider, channel.receiving_account, JSON.stringify(rules), date];
      await tx.query(POOL_OURS, values);
    }
    await tx.query(POOL_BANK, [id, channel.id, JSON.stringify(rules), date]);
    await tx.query(OVERDUE, [id, channel.id]);
  },
  /** Newest first, without what waits no more. */
  list: (db: Queryable<'orders'>, { channel, side, status, after, limit }: PoolFilter): Promise<PoolRow[]> =>
    db.query<PoolRow>(LIST, [channel ?? null, side ?? null, status ?? null, after ?? null, limit]),
};
