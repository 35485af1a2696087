import { type Tx, statement } from '../../consistency/transaction';
import type { RunningRun } from '../run';

/**
 * The leg of payments: lines that say "paid" against our receipts, all of them in a few statements.
 *
 * A line is first sought where it was met before, then by the identity that its money has (provider, receiving account, the
 * provider's reference: the receipts' unique key), whatever the date and the status. Only a line without the provider's
 * reference is sought by ours: through the order, equal amounts first, each receipt for one line. Lines of the bank's side of
 * the pool are sought again together with those of the file.
 *
 * $1 run, $2 channel, $3 provider, $4 receiving account, $5 rules, $6 the statement's date.
 */
const CANDIDATES = `
  candidates as materialized (
    select l.*, null::bigint as pooled, null::text as pool_status, l.identity as base
      from orders.statement_lines l where l.run_id = $1 and l.status = 'paid'
    union all
    select l.*, p.number, p.status, p.identity
      from orders.reconciliation_pool p
      join orders.statement_lines l on l.run_id = p.line_run and l.number = p.line_number
     where p.channel_id = $2 and p.side = 'bank' and p.status <> 'ended'),
  numbered as materialized (
    select c.*, row_number() over same_line as nth,
           case when pooled is not null or identified then base
                else base || '#' || row_number() over same_line end as whole_identity
      from candidates c window same_line as (partition by run_id, base order by number)),
  ranked as materialized (
    select n.*, row_number() over (partition by whole_identity order by pooled nulls last, number) as rank from numbered n)`;

/** Pairs lines that have only our reference with receipts of its order that no line has met: equal amounts, then the rest. */
const BY_ORDER = `
  referring as (
    select l.run_id, l.number, l.amount, l.currency, o.id as order_id,
           row_number() over (partition by o.id, l.amount, l.currency order by l.number) as nth
      from ranked l join orders.orders o on o.payment_reference = lower(l.payment_reference)
     where l.provider_reference is null and l.rank = 1
       and not exists (select 1 from orders.reconciliation_matches m
                        where m.channel_id = $2 and m.identity = l.whole_identity)),
  referred as (
    select r.id, r.order_id, r.amount, r.currency,
           row_number() over (partition by r.order_id, r.amount, r.currency order by r.id) as nth
      from orders.receipts r
     where r.order_id in (select order_id from referring) and r.provider = $3 and r.receiving_account = $4
       and not exists (select 1 from orders.reconciliation_matches m
                        where m.receipt_id = r.id and m.line_status = 'paid')),
  equal as (
    select l.run_id, l.number, r.id as receipt_id from referring l join referred r using (order_id, amount, currency, nth)),
  unequal as (
    select l.run_id, l.number, r.id as receipt_id
      from (select l.*, row_number() over (partition by order_id order by number) as place from referring l
             where not exists (select 1 from equal e where e.run_id = l.run_id and e.number = l.number)) l
      join (select r.*, row_number() over (partition by order_id order by id) as place from referred r
             where not exists (select 1 from equal e where e.receipt_id = r.id)) r using (order_id, place)),
  by_order as (select * from equal union all select * from unequal)`;

const FOUND = `
  found as materialized (
    select l.*, coalesce(m.receipt_id, r.id, o.receipt_id) as receipt_id,
           m.receipt_id is not null and m.amount = l.amount and m.currency = l.currency
             and m.fee is not distinct from l.fee as says_the_same
      from ranked l
      left join orders.reconciliation_matches m on m.channel_id = $2 and m.identity = l.whole_identity
      left join orders.receipts r
        on r.provider = $3 and r.receiving_account = $4 and r.provider_reference = l.provider_reference
      left join by_order o on o.run_id = l.run_id and o.number = l.number),
  fees as (
    select * from jsonb_to_recordset($5::jsonb -> 'fees')
      as f(currency text, rate numeric, fixed numeric, minimum numeric, maximum numeric, decimals int, rounding text,
           tolerance numeric)),
  compared as materialized (
    select f.*, r.amount as our_amount, r.currency as our_currency,
           row_number() over (partition by f.receipt_id order by f.rank, f.pooled nulls last, f.number) as claim,
           m.identity as met_identity, m.line_status as met_status, m.agrees as met_agrees, p.status as our_pool,
           case when e.currency is null or f.fee is null then null else
             least(greatest(case e.rounding
               when 'half_up' then round(f.amount * e.rate + e.fixed, e.decimals)
               when 'up' then ceil((f.amount * e.rate + e.fixed) * power(10::numeric, e.decimals)) / power(10::numeric, e.decimals)
               else trunc(f.amount * e.rate + e.fixed, e.decimals) end, coalesce(e.minimum, 0)),
               coalesce(e.maximum, 'Infinity'::numeric)) end as expected_fee,
           e.tolerance
      from found f
      left join orders.receipts r on r.id = f.receipt_id
      left join orders.reconciliation_matches m on m.receipt_id = f.receipt_id
      left join orders.reconciliation_pool p on p.receipt_id = f.receipt_id
      left join fees e on e.currency = f.currency)`;

/**
 * Payments that look like one of ours under another number: same order, same amount, and no line speaks of that receipt. A
 * mapping that names the wrong column makes a file of them, and none of it may become a second payment.
 */
const SUSPECTED = `
  suspected as (
    select distinct f.run_id, f.number
      from found f join orders.orders o on o.payment_reference = lower(f.payment_reference)
      join orders.receipts r on r.order_id = o.id and r.provider = $3 and r.receiving_account = $4
       and r.amount = f.amount and r.currency = f.currency
     where f.receipt_id is null and f.provider_reference is not null
       and not exists (select 1 from orders.reconciliation_matches m where m.receipt_id = r.id)
       and not exists (select 1 from found g where g.receipt_id = r.id)),
  unknown as (
    select c.run_id, c.number,
           case when c.provider_reference is null then 'no_provider_reference'
                when s.number is not null then 'other_reference_of_the_order'
                when c.occurred_at is not null
                 and abs((c.occurred_at at time zone ($5::jsonb ->> 'time_zone'))::date - $6::date)
                     > ($5::jsonb ->> 'window_days')::int
                 then 'outside_the_window' end as note
      from compared c left join suspected s on s.run_id = c.run_id and s.number = c.number
     where c.receipt_id is null and c.rank = 1),
  held as (select count(*) > ($5::jsonb ->> 'recover_at_most')::int as all_of_them from unknown where note is null)`;

const CLASSIFY = statement(
  'orders.reconciliation.classify_payments',
  `with ${CANDIDATES}, ${BY_ORDER}, ${FOUND}, ${SUSPECTED},
   classified as (
     select c.*, coalesce(u.note, case when u.number is not null and h.all_of_them then 'held' end) as why,
            case
              when c.rank > 1 and c.identified and c.nth > 1 then 'duplicate_line'
              when c.rank > 1 then 'repeated'
              when c.receipt_id is null and (u.note is not null or h.all_of_them) then 'waiting_with_us'
              when c.receipt_id is null then 'recovered'
              when c.says_the_same then 'repeated'
              when c.claim > 1 then 'duplicate_line'
              when c.met_identity <> c.whole_identity and c.met_status = 'paid' then 'duplicate_line'
              when c.currency <> c.our_currency then 'currency_difference'
              when c.amount <> c.our_amount then 'amount_difference'
              when abs(c.fee - c.expected_fee) > c.tolerance then 'fee_difference'
              else 'matched' end as class
       from compared c cross join held h left join unknown u on u.run_id = c.run_id and u.number = c.number)
   insert into orders.reconciliation_results
     (run_id, class, line_run, line_number, identity, receipt_id, amount, currency, fee, our_amount, our_currency,
      expected_fee, note, explains)
   select $1, class, run_id, number, whole_identity, receipt_id, amount, currency, fee, our_amount, our_currency,
          expected_fee, why,
          class not in ('repeated', 'duplicate_line', 'waiting_with_us')
            and (met_agrees is false or coalesce(our_pool = 'overdue', false) or coalesce(pool_status = 'overdue', false))
     from classified
    where pooled is null or class not in ('waiting_with_us', 'duplicate_line')
    order by run_id, number`,
);

/** The lines that have met a receipt, which a line that agrees takes over from one that did not. */
const MEET = statement(
  'orders.reconciliation_matches.meet',
  `insert into orders.reconciliation_matches as m
     (receipt_id, channel_id, identity, run_id, line_run, line_number, line_status, agrees, amount, currency, fee, occurred_at)
   select x.receipt_id, $2, x.identity, $1, x.line_run, x.line_number, l.status, x.class in ('matched', 'recovered'),
          l.amount, l.currency, l.fee, l.occurred_at
     from orders.reconciliation_results x
     join orders.statement_lines l on l.run_id = x.line_run and l.number = x.line_number
    where x.run_id = $1 and x.receipt_id is not null and x.class = any($3::text[]) and x.identity is not null
   on conflict (receipt_id) do update
      set identity = excluded.identity, run_id = excluded.run_id, line_run = excluded.line_run,
          line_number = excluded.line_number, line_status = excluded.line_status, agrees = excluded.agrees,
          amount = excluded.amount, currency = excluded.currency, fee = excluded.fee, occurred_at = excluded.occurred_at`,
);

/** The receipts of recovered callbacks, as the callback's own flow has made or met them. */
const FIND_RECOVERED = statement(
  'orders.reconciliation_results.find_recovered',
  `update orders.reconciliation_results x
      set receipt_id = r.id, our_amount = r.amount, our_currency = r.currency
     from orders.statement_lines l, orders.receipts r
    where x.run_id = $1 and x.class = 'recovered' and l.run_id = x.line_run and l.number = x.line_number
      and r.provider = $2 and r.receiving_account = $3 and r.provider_reference = l.provider_reference`,
);

const MET = ['matched', 'amount_difference', 'currency_difference', 'fee_difference'];

export const paymentsLeg = {
  /** Classes every line that says "paid" and keeps which receipt it has met. */
  match: async (tx: Tx<'orders'>, { id, channel, rules, statement_date: date }: RunningRun): Promise<void> => {
    const values = [id, channel.id, channel.provider, channel.receiving_account, JSON.stringify(rules), date];
    await tx.query(CLASSIFY, values);
    await tx.query(MEET, [id, channel.id, MET]);
  },
  /** The same for the receipts that recovery has brought about. */
  meetRecovered: async (tx: Tx<'orders'>, { id, channel }: RunningRun): Promise<void> => {
    await tx.query(FIND_RECOVERED, [id, channel.provider, channel.receiving_account]);
    await tx.query(MEET, [id, channel.id, ['recovered']]);
  },
};
