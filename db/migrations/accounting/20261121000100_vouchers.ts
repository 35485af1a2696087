import type { Knex } from 'knex';
import { appendOnly } from '../../append-only';

/**
 * Refuses a voucher whose postings do not balance per currency or whose number of lines differs from what the voucher says,
 * so that nobody can add to a voucher that stands.
 */
const REFUSE_UNBALANCED = `
  create function accounting.refuse_unbalanced() returns trigger language plpgsql as $$
  declare bad uuid;
  begin
    select t.voucher_id into bad
      from (select p.voucher_id from accounting.postings p
             where p.voucher_id in (select voucher_id from added)
             group by p.voucher_id, p.currency having sum(p.debit) <> sum(p.credit)) t limit 1;
    if bad is not null then
      raise exception 'voucher % does not balance', bad using errcode = '23514', constraint = 'postings_balance';
    end if;
    select v.id into bad from accounting.vouchers v
      where v.id in (select voucher_id from added)
        and v.lines <> (select count(*) from accounting.postings p where p.voucher_id = v.id) limit 1;
    if bad is not null then
      raise exception 'voucher % has other lines than it says', bad using errcode = '23514', constraint = 'postings_lines';
    end if;
    return null;
  end $$;
  create trigger postings_balance after insert on accounting.postings
    referencing new table as added for each statement execute function accounting.refuse_unbalanced();
`;

/** The books. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table accounting.ledger_accounts (
      code text primary key,
      name text not null,
      type text not null check (type in ('asset', 'liability', 'income', 'expense')),
      normal_side text not null check (normal_side in ('debit', 'credit')),
      party text not null check (party in ('none', 'channel', 'merchant', 'payee'))
    );

    create table accounting.links (
      number bigint primary key,
      previous_hash text not null constraint links_previous_hash_key unique,
      hash text not null constraint links_hash_key unique,
      vouchers integer not null check (vouchers > 0),
      key_id text not null,
      signature text not null,
      created_at timestamptz not null
    );

    create table accounting.vouchers (
      id uuid primary key,
      link_number bigint not null references accounting.links,
      position integer not null check (position > 0),
      kind text not null,
      event_key text not null,
      description text not null,
      order_id uuid,
      receipt_id uuid,
      gid uuid,
      legs_hash text,
      content_hash text not null,
      lines integer not null check (lines >= 2),
      occurred_at timestamptz not null,
      posted_at timestamptz not null,
      constraint vouchers_event_key unique (kind, event_key),
      constraint vouchers_link_position_key unique (link_number, position)
    );
    create index vouchers_gid on accounting.vouchers (gid);
    create index vouchers_order on accounting.vouchers (order_id, id) where order_id is not null;
    create index vouchers_receipt on accounting.vouchers (receipt_id, id) where receipt_id is not null;

    create table accounting.postings (
      voucher_id uuid not null references accounting.vouchers,
      line integer not null,
      account text not null references accounting.ledger_accounts,
      party text not null default '',
      currency text not null,
      debit numeric(24,4) not null default 0 check (debit >= 0),
      credit numeric(24,4) not null default 0 check (credit >= 0),
      primary key (voucher_id, line),
      constraint postings_one_side check ((debit = 0) <> (credit = 0))
    );
    create index postings_account on accounting.postings (account, currency, party);
  `);
  await knex.raw(REFUSE_UNBALANCED);
  for (const table of ['ledger_accounts', 'links', 'vouchers', 'postings']) {
    await appendOnly(knex, `accounting.${table}`);
  }
}
