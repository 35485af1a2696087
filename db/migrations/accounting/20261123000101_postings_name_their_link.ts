import type { Knex } from 'knex';
import { lockTables } from '../../lock-tables';

/**
 * The first of three steps by which a posting bears the number of its voucher's link: postings of one party in a period are then
 * a range of one index. It takes a moment; from here on whatever is posted has it.
 *
 * A process of an earlier version inserts postings without it. What it posts is under the newest link, which its own transaction
 * has appended under the lock on the head, so that this is the default.
 */
export async function up(knex: Knex): Promise<void> {
  await lockTables(knex, ['accounting.postings']);
  await knex.raw(`
    create function accounting.newest_link() returns bigint language sql stable as $$
      select number from accounting.links order by number desc limit 1
    $$;
    alter table accounting.postings add column link_number bigint;
    alter table accounting.postings alter column link_number set default accounting.newest_link();
    alter table accounting.postings add constraint postings_link_known check (link_number is not null) not valid;
  `);
  await knex.raw(refuseUnbalanced({ byLink: true }));
}

export async function down(knex: Knex): Promise<void> {
  await lockTables(knex, ['accounting.postings']);
  await knex.raw(refuseUnbalanced({ byLink: false }));
  await knex.raw(`
    alter table accounting.postings drop constraint if exists postings_link_known, drop column link_number;
    drop function accounting.newest_link();
  `);
}

/** What it was, and that lines bear their voucher's link, which is looked up anyway. */
function refuseUnbalanced({ byLink }: { readonly byLink: boolean }): string {
  const [read, compare, refuse] = byLink
    ? [
        ', min(link_number) as first_link, max(link_number) as last_link',
        ' or v.link_number <> t.first_link or v.link_number <> t.last_link',
        `if lines_differ is false then
          raise exception 'voucher % lies under another link than its lines', bad
            using errcode = '23514', constraint = 'postings_link';
        end if;`,
      ]
    : ['', '', ''];
  return `
    create or replace function accounting.refuse_unbalanced() returns trigger language plpgsql as $$
    declare bad uuid; lines_differ boolean; unknown text;
    begin
      select t.voucher_id into bad
        from (select voucher_id, currency from added group by voucher_id, currency having sum(debit) <> sum(credit)) t limit 1;
      if bad is not null then
        raise exception 'voucher % does not balance', bad using errcode = '23514', constraint = 'postings_balance';
      end if;
      select t.voucher_id, v.lines is distinct from t.lines or v.lines <> p.lines into bad, lines_differ
        from (select voucher_id, count(*) as lines${read} from added group by voucher_id) t
        left join lateral (
          select v.lines, v.link_number from accounting.vouchers v where v.id = t.voucher_id offset 0) v on true
        cross join lateral (select count(*) as lines from accounting.postings p where p.voucher_id = t.voucher_id offset 0) p
       where v.lines is distinct from t.lines or v.lines <> p.lines${compare} limit 1;
      if bad is not null then
        ${refuse}
        raise exception 'voucher % has other lines than it says', bad using errcode = '23514', constraint = 'postings_lines';
      end if;
      select t.account into unknown from (select distinct account from added) t
       where not exists (select from accounting.ledger_accounts l where l.code = t.account) limit 1;
      if unknown is not null then
        raise exception 'there is no account % in the chart', unknown using errcode = '23503', constraint = 'postings_account_fkey';
      end if;
      return null;
    end $$;
  `;
}
