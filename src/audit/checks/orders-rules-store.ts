import { cleanedOnce } from '../../consistency/retention-store';
import { CLEANED } from '../evidence-store';
import type { Rule } from '../rules-store';

const PAID_ONCE: readonly Rule[] = [
  {
    guarantee: 2,
    what: 'a paid order and the receipt that paid it disagree',
    rows: `select count(*) from orders.orders where status = 'paid'`,
    violations: `
      select o.id as key, jsonb_build_object('paid_by', o.paid_by, 'receipt_order', r.order_id, 'outcome', r.outcome) as facts
        from orders.orders o left join orders.receipts r on r.id = o.paid_by
       where o.status = 'paid' and (r.id is null or r.order_id is distinct from o.id or r.outcome is distinct from 'order_paid')`,
  },
  {
    guarantee: 2,
    what: 'a receipt says that it paid an order which another receipt, or none, has paid',
    rows: `select count(*) from orders.receipts where outcome = 'order_paid'`,
    violations: `
      select r.id as key, jsonb_build_object('order', r.order_id, 'status', o.status, 'paid_by', o.paid_by) as facts
        from orders.receipts r left join orders.orders o on o.id = r.order_id
       where r.outcome = 'order_paid' and o.paid_by is distinct from r.id`,
  },
  {
    guarantee: 2,
    what: 'an order has several transactions that pay it',
    violations: `
      select order_id as key, jsonb_build_object('transactions', count(*)) as facts
        from orders.global_transactions where pays_order and not cancelled
       group by order_id having count(*) > 1`,
  },
  {
    guarantee: 2,
    what: 'money went to suspense and no incident says why',
    rows: `select count(*) from orders.receipts where in_suspense`,
    violations: `
      select r.id as key, jsonb_build_object('order', r.order_id) as facts from orders.receipts r
       where r.outcome = 'suspense' and not exists (select 1 from orders.incidents i where i.receipt_id = r.id)`,
  },
  {
    guarantee: 2,
    what: 'a receipt that pays nothing credits somebody else than suspense',
    violations: `
      select t.gid as key, jsonb_build_object('receipt', t.receipt_id, 'account', l ->> 'account') as facts
        from orders.global_transactions t join orders.receipts r on r.id = t.receipt_id,
             jsonb_path_query(t.plan, '$.branches[*].legs[*]') l
       where r.outcome = 'suspense' and t.status <> 'cancelled' and l ->> 'account' not like 'suspense/%'`,
  },
];

const VERIFIED: readonly Rule[] = [
  {
    guarantee: 3,
    what: 'a receipt without a verified event that says so',
    rows: 'select count(*) from orders.receipts',
    violations: `
      select r.id as key, jsonb_build_object('provider', r.provider, 'reference', r.provider_reference) as facts
        from orders.receipts r
       where not exists (select 1 from orders.inbox_events e
                          where e.receipt_id = r.id and e.verdict = 'payment_succeeded' and e.channel_id = r.channel_id)`,
  },
  {
    guarantee: 3,
    what: 'the body of an event is not the one that was verified',
    rows: 'select count(*) from orders.inbox_events',
    violations: `
      select e.id as key, jsonb_build_object('body_hash', e.body_hash) as facts
        from orders.inbox_events e left join orders.callback_bodies b on b.id = e.callback_id
       where e.body_hash !~ '^[0-9a-f]{64}$' or encode(sha256(b.body), 'hex') <> e.body_hash`,
  },
  {
    guarantee: 3,
    what: 'the body that an event came in is gone',
    violations: `
      select e.id as key, jsonb_build_object('callback', e.callback_id) as facts
        from orders.inbox_events e left join orders.callback_bodies b on b.id = e.callback_id
       where e.callback_id is not null and b.id is null
         and (not ${cleanedOnce('orders', 'bodies', 'e.callback_id')} or e.outcome = 'for_a_person'
              or exists (select 1 from orders.receipts r where r.id = e.receipt_id and r.status <> 'settled'))`,
  },
  {
    guarantee: 1,
    what: 'an event says that money arrived and there is no receipt',
    rows: `select count(*) from orders.inbox_events where verdict = 'payment_succeeded'`,
    violations: `
      select id as key, jsonb_build_object('channel', channel_id, 'event', event_key) as facts from orders.inbox_events
       where verdict = 'payment_succeeded' and receipt_id is null`,
  },
];

const ACKNOWLEDGED: readonly Rule[] = [
  {
    guarantee: 9,
    what: 'a receipt was decided without the message for its voucher',
    rows: `select count(*) from orders.receipts where status in ('decided', 'settled')`,
    violations: `
      select r.id as key, jsonb_build_object('status', r.status) as facts from orders.receipts r
       where r.status in ('decided', 'settled')
         and not exists (select 1 from orders.outbox m where m.topic = 'voucher' and m.event_key = r.id::text)
         and not ${CLEANED}`,
  },
  {
    guarantee: 9,
    what: 'a receipt was decided without a transaction that stands',
    violations: `
      select r.id as key, jsonb_build_object('status', r.status) as facts from orders.receipts r
       where r.status in ('decided', 'settled')
         and not exists (select 1 from orders.global_transactions t
                          where t.receipt_id = r.id and t.status in ('confirming', 'confirmed'))
         and not ${CLEANED}`,
  },
  {
    guarantee: 9,
    what: 'a receipt paid an order and nobody was to be told',
    violations: `
      select r.id as key, jsonb_build_object('order', r.order_id) as facts from orders.receipts r
       where r.outcome = 'order_paid'
         and not exists (select 1 from orders.notifications n where n.order_id = r.order_id and n.type = 'order.paid')`,
  },
];

/**
 * A notification that was resent follows a schedule anew: what it must have done is counted from there (`schedule_from`),
 * while every attempt that was ever made stays recorded, or is counted as cleaned: all of a notification together, when it
 * has ended.
 * @param schedules how many attempts each named schedule has
 */
function notified(schedules: Readonly<Record<string, number>>): readonly Rule[] {
  return [
    {
      guarantee: 8,
      what: 'an order ended and has no notification that says so',
      rows: `select count(*) from orders.orders where status <> 'open'`,
      violations: `
        select o.id as key, jsonb_build_object('status', o.status) as facts from orders.orders o
         where o.status <> 'open'
           and not exists (select 1 from orders.notifications n where n.order_id = o.id and n.type = 'order.' || o.status)`,
    },
    {
      guarantee: 8,
      what: 'a notification says what its order is not',
      rows: 'select count(*) from orders.notifications',
      violations: `
        select n.id as key, jsonb_build_object('type', n.type, 'order', o.id, 'status', o.status, 'said', s.status) as facts
          from orders.notifications n join orders.orders o on o.id = n.order_id,
               lateral (select n.payload::jsonb #>> '{data,status}' as status) s
         where n.type <> 'order.' || o.status or s.status is distinct from o.status`,
    },
    {
      guarantee: 8,
      what: 'the attempts that are recorded are not those that were made',
      rows: 'select count(*) from orders.notification_attempts',
      violations: `
        select n.id as key, jsonb_build_object('attempts', n.attempts, 'recorded', a.recorded, 'last', a.last,
                                              'cleaned', n.attempts_cleaned) as facts
          from orders.notifications n
          left join (select notification_id, count(*) as recorded, max(number) as last, min(number) as first
                       from orders.notification_attempts group by notification_id) a on a.notification_id = n.id
         where n.attempts <> n.attempts_cleaned + coalesce(a.recorded, 0)
            or n.attempts <> coalesce(a.last, n.attempts_cleaned) or a.first <> n.attempts_cleaned + 1`,
    },
    {
      guarantee: 8,
      what: 'a notification ended otherwise than its attempts',
      violations: `
        select n.id as key, jsonb_build_object('status', n.status, 'succeeded', coalesce(a.succeeded, 0)) as facts
          from orders.notifications n
          left join (select a.notification_id, count(*) as succeeded
                       from orders.notification_attempts a join orders.notifications m on m.id = a.notification_id
                      where a.status = 'succeeded' and a.number > m.schedule_from group by a.notification_id) a
            on a.notification_id = n.id
         where n.status in ('delivered', 'exhausted') and n.attempts_cleaned <= n.schedule_from and (n.status = 'delivered') <> (coalesce(a.succeeded, 0) > 0)`,
    },
    {
      guarantee: 8,
      what: 'a notification has other attempts than its schedule',
      values: [JSON.stringify(schedules)],
      violations: `
        select n.id as key, jsonb_build_object('status', n.status, 'attempts', n.attempts, 'from', n.schedule_from,
                                              'schedule', k.schedule) as facts
          from orders.notifications n join orders.notification_endpoints e on e.id = n.endpoint_id,
               lateral (select coalesce(n.schedule, e.schedule) as schedule) k,
               lateral (select case jsonb_typeof(k.schedule) when 'array' then jsonb_array_length(k.schedule)
                                    else ($1::jsonb ->> (k.schedule #>> '{}'))::int end as length) s
         where n.schedule_from not between 0 and n.attempts
            or n.attempts - n.schedule_from > s.length
            or (n.status = 'exhausted' and n.attempts - n.schedule_from < s.length)`,
    },
  ];
}

/** What the orders schema can show in one snapshot. */
export function ordersRules(schedules: Readonly<Record<string, number>>): readonly Rule[] {
  return [...PAID_ONCE, ...VERIFIED, ...ACKNOWLEDGED, ...notified(schedules)];
}

/** What has been due for longer than the grace while the service was there to do it. */
export function overdueRules(graceSeconds: number): readonly Rule[] {
  const values = [graceSeconds];
  const longAgo = (column: string): string => `${column} < clock_timestamp() - $1::float8 * interval '1 second'`;
  return [
    {
      guarantee: 8,
      what: 'a notification is overdue and nobody makes the attempt',
      values,
      violations: `
        select id as key, jsonb_build_object('due', next_try_at, 'attempts', attempts) as facts from orders.notifications
         where status = 'scheduled' and ${longAgo('case when put_off then enqueued_until else next_try_at end')}`,
    },
    {
      guarantee: 8,
      what: 'notifications of an endpoint are put off and nobody has tried it for an hour',
      values,
      violations: `
        select e.id as key, jsonb_build_object('last_failure', e.last_failure_at) as facts
          from orders.notification_endpoints e
         where e.status = 'active' and coalesce(e.last_failure_at < clock_timestamp() - interval '1 hour', true)
           and exists (select 1 from orders.notifications n
                        where n.endpoint_id = e.id and n.status = 'scheduled' and n.put_off
                          and n.next_try_at < clock_timestamp() - interval '1 hour' - $1::float8 * interval '1 second')`,
    },
    {
      guarantee: 4,
      what: 'a settled receipt still has the claim on its order',
      values,
      violations: `
        select o.id as key, jsonb_build_object('claimed_by', r.id, 'settled_at', r.settled_at) as facts
          from orders.orders o join orders.receipts r on r.id = o.claimed_by
         where r.status = 'settled' and ${longAgo('r.settled_at')}`,
    },
  ];
}
