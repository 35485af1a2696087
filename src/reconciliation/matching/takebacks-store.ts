import { type Tx, statement } from '../../consistency/transaction';
import type { RunningRun } from '../run';

/**
 * The leg of what is no money: lines that say failed, refunded or reversed, against what we have credited. It is judged when
 * the payments of the same file have been met or recovered.
 *
 * A failure before a success is an attempt. A failure that stands for a credited receipt, or comes after the line that paid
 * it, is a difference, and so is a reversal. A refund is known where an event has told us of it.
 *
 * $1 run, $2 provider, $3 receiving account.
 */
const JUDGE = statement(
  'orders.reconciliation.judge_takebacks',
  `with lines as materialized (
     select l.*, case when identified then identity
                      else identity || '#' || row_number() over (partition by identity order by number) end as whole_identity,
            row_number() over (partition by identity order by number) as nth
       from orders.statement_lines l where l.run_id = $1 and l.status <> 'paid'),
   found as materialized (
     select l.*, coalesce(r.id, o.receipt_id) as receipt_id
       from lines l
       left join orders.receipts r
         on r.provider = $2 and r.receiving_account = $3 and r.provider_reference = l.provider_reference
       left join lateral (
         select p.id as receipt_id
           from orders.orders d join orders.receipts p on p.order_id = d.id
          where r.id is null and l.provider_reference is null and d.payment_reference = lower(l.payment_reference)
            and p.provider = $2 and p.receiving_account = $3
          order by (p.outcome = 'order_paid') desc nulls last, p.id limit 1) o on true),
   known as (
     select distinct e.receipt_id from orders.inbox_events e
      where e.receipt_id in (select receipt_id from found) and e.verdict in ('refund', 'chargeback', 'dispute')),
   judged as (
     select f.*, r.amount as our_amount, r.currency as our_currency,
            case
              when f.status = 'failed' and f.receipt_id is null then 'not_money'
              when f.status = 'failed' and m.line_status = 'paid'
               and (m.line_run = $1 or f.occurred_at <= m.occurred_at) then 'not_money'
              when f.identified and f.nth > 1 then case f.status when 'failed' then 'not_money' else 'duplicate_line' end
              when k.receipt_id is not null and f.status <> 'failed' then 'refund_known'
              when f.status in ('failed', 'reversed') and f.receipt_id is not null then 'status_difference'
              else 'refund_unknown' end as class
       from found f
       left join orders.receipts r on r.id = f.receipt_id
       left join orders.reconciliation_matches m on m.receipt_id = f.receipt_id
       left join known k on k.receipt_id = f.receipt_id)
   insert into orders.reconciliation_results
     (run_id, class, line_run, line_number, identity, receipt_id, amount, currency, fee, our_amount, our_currency, note)
   select $1, class, run_id, number, whole_identity, receipt_id, amount, currency, fee, our_amount, our_currency, status
     from judged order by number`,
);

/** A receipt that only such a line speaks of is not missing at the bank: the bank has said what it thinks of it. */
const MEET = statement(
  'orders.reconciliation_matches.meet_takebacks',
  `insert into orders.reconciliation_matches
     (receipt_id, channel_id, identity, run_id, line_run, line_number, line_status, agrees, amount, currency, fee, occurred_at)
   select distinct on (x.receipt_id) x.receipt_id, $2, x.identity, $1, x.line_run, x.line_number, l.status, false,
          l.amount, l.currency, l.fee, l.occurred_at
     from orders.reconciliation_results x
     join orders.statement_lines l on l.run_id = x.line_run and l.number = x.line_number
    where x.run_id = $1 and x.receipt_id is not null and x.class in ('status_difference', 'refund_known', 'refund_unknown')
    order by x.receipt_id, x.line_number
   on conflict do nothing`,
);

/** A payment that agreed and is taken back agrees no more. */
const DISAGREE = statement(
  'orders.reconciliation_matches.disagree',
  `update orders.reconciliation_matches m set agrees = false
     from orders.reconciliation_results x
    where x.run_id = $1 and x.class = 'status_difference' and m.receipt_id = x.receipt_id and m.agrees`,
);

export const takebacksLeg = {
  judge: async (tx: Tx<'orders'>, { id, channel }: RunningRun): Promise<void> => {
    await tx.query(JUDGE, [id, channel.provider, channel.receiving_account]);
    await tx.query(MEET, [id, channel.id]);
    await tx.query(DISAGREE, [id]);
  },
};
