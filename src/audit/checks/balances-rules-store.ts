import { cleanedOnce } from '../../consistency/retention-store';
import type { SchemaName } from '../../consistency/transaction';
import type { Rule } from '../rules-store';

/** What a participant can show in one snapshot. The key is the account's code, or the transaction and branch. */
export function balancesRules(schema: 'accounts' | 'points'): readonly Rule[] {
  return [...sums(schema), ...sequence(schema), ...holds(schema)];
}

function sums(schema: string): readonly Rule[] {
  return [
    {
      guarantee: 5,
      what: `in ${schema}, a balance is not the sum of its entries`,
      rows: `select count(*) from ${schema}.accounts`,
      violations: `
        select a.code as key, jsonb_build_object('balance', a.balance::text, 'entries', coalesce(e.sum, 0)::text,
                 'entry_count', a.entry_count, 'counted', coalesce(e.count, 0)) as facts
          from ${schema}.accounts a
          left join (select account_id, sum(amount), count(*) from ${schema}.entries group by account_id) e on e.account_id = a.id
         where a.balance <> coalesce(e.sum, 0) or a.entry_count <> coalesce(e.count, 0)`,
    },
    {
      guarantee: 5,
      what: `in ${schema}, what is reserved is not the sum of the open outbound holds`,
      violations: `
        select a.code as key, jsonb_build_object('reserved', a.reserved::text, 'held', coalesce(h.sum, 0)::text) as facts
          from ${schema}.accounts a
          left join (select l.account_id, sum(l.amount)
                       from ${schema}.holds, unnest(account_ids, outbound, amounts) l(account_id, out, amount)
                      where status = 'held' and l.out group by l.account_id) h on h.account_id = a.id
         where a.reserved <> coalesce(h.sum, 0)`,
    },
    {
      guarantee: 5,
      what: `in ${schema}, an account is below zero or has reserved more than it has`,
      violations: `
        select code as key, jsonb_build_object('balance', balance::text, 'reserved', reserved::text) as facts
          from ${schema}.accounts where balance < 0 or reserved < 0 or balance < reserved`,
    },
  ];
}

function sequence(schema: string): readonly Rule[] {
  return [
    {
      guarantee: 5,
      what: `in ${schema}, an entry does not follow from the one before it`,
      rows: `select count(*) from ${schema}.entries`,
      violations: `
        select e.id as key, jsonb_build_object('account', e.account_id, 'number', e.number, 'amount', e.amount::text,
                 'balance_before', e.balance_before::text, 'balance_after', e.balance_after::text) as facts
          from (select id, account_id, number, amount, balance_after,
                       lag(number, 1, 0::bigint) over w as number_before,
                       lag(balance_after, 1, 0::numeric) over w as balance_before
                  from ${schema}.entries window w as (partition by account_id order by number)) e
         where e.number <> e.number_before + 1 or e.balance_after <> e.balance_before + e.amount`,
    },
  ];
}

/** The entries of a hold that was cleaned are held against its voucher (guarantee 7). */
function holds(schema: SchemaName): readonly Rule[] {
  return [
    {
      guarantee: 5,
      what: `in ${schema}, a confirmed hold and its entries differ`,
      rows: `select count(*) from ${schema}.holds`,
      violations: `
        select concat_ws(' ', coalesce(h.gid, e.gid), coalesce(h.branch, e.branch)) as key,
               jsonb_build_object('account', coalesce(h.account_id, e.account_id), 'held', h.amount::text, 'entered', e.amount::text) as facts
          from (select gid, branch, l.account_id, sum(case when l.out then -l.amount else l.amount end) as amount
                  from ${schema}.holds, unnest(account_ids, outbound, amounts) l(account_id, out, amount)
                 where status = 'confirmed' group by gid, branch, l.account_id) h
          full join (select gid, branch, account_id, sum(amount) as amount from ${schema}.entries
                      group by gid, branch, account_id) e using (gid, branch, account_id)
         where h.amount is distinct from e.amount
           and not (${cleanedOnce(schema, 'holds', 'e.gid')}
                    and not exists (select 1 from ${schema}.holds c where c.gid = e.gid and c.branch = e.branch))`,
    },
  ];
}
