import type { Knex } from 'knex';

/**
 * The same rule, read from the rows that were added: a voucher comes with all its lines in one statement, so that its sums
 * need no look into the table, and only the number of lines that it has now is counted there, voucher by voucher through the
 * primary key. A join of the added lines with the table was planned as a scan of it wherever its statistics were old.
 *
 * The same trigger sees that every line has its voucher and its account in the chart, once per list, which as foreign keys was
 * asked ten times per payment; neither vouchers nor the chart can lose a row.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create or replace function accounting.refuse_unbalanced() returns trigger language plpgsql as $$
    declare bad uuid; unknown text;
    begin
      select t.voucher_id into bad
        from (select voucher_id, currency from added group by voucher_id, currency having sum(debit) <> sum(credit)) t limit 1;
      if bad is not null then
        raise exception 'voucher % does not balance', bad using errcode = '23514', constraint = 'postings_balance';
      end if;
      select t.voucher_id into bad
        from (select voucher_id, count(*) as lines from added group by voucher_id) t
        left join lateral (select v.lines from accounting.vouchers v where v.id = t.voucher_id offset 0) v on true
        cross join lateral (select count(*) as lines from accounting.postings p where p.voucher_id = t.voucher_id offset 0) p
       where v.lines is distinct from t.lines or v.lines <> p.lines limit 1;
      if bad is not null then
        raise exception 'voucher % has other lines than it says', bad using errcode = '23514', constraint = 'postings_lines';
      end if;
      select t.account into unknown from (select distinct account from added) t
       where not exists (select from accounting.ledger_accounts l where l.code = t.account) limit 1;
      if unknown is not null then
        raise exception 'there is no account % in the chart', unknown using errcode = '23503', constraint = 'postings_account_fkey';
      end if;
      return null;
    end $$;
    alter table accounting.postings drop constraint postings_account_fkey, drop constraint postings_voucher_id_fkey;
  `);
}
