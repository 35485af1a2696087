import type { Knex } from 'knex';
import { appendOnly } from '../../append-only';

/**
 * What a balance at a past instant is read from: running sums kept at some links of the chain. Checkpoints are made by a
 * sweep, never by whoever posts, and can be thrown away and made again: the postings are the truth.
 *
 * `horizon` is the latest instant that a balance has been told for. The next link is posted after it even where the
 * database's clock has stepped back, so that what was told stays true.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create index links_created_at on accounting.links (created_at);
    create index vouchers_value_time on accounting.vouchers using brin (link_number, occurred_at) with (pages_per_range = 32);

    create table accounting.horizon (
      only_row boolean primary key default true check (only_row),
      instant timestamptz not null
    );
    insert into accounting.horizon (instant) values ('-infinity');

    create table accounting.checkpoints (
      link_number bigint primary key,
      created_at timestamptz not null default clock_timestamp()
    );
    create table accounting.checkpoint_totals (
      link_number bigint not null references accounting.checkpoints,
      account text collate "C" not null,
      currency text collate "C" not null,
      debit numeric(38,4) not null,
      credit numeric(38,4) not null,
      primary key (link_number, account, currency)
    );
    create table accounting.checkpoint_balances (
      account text collate "C" not null,
      party text collate "C" not null,
      currency text collate "C" not null,
      link_number bigint not null references accounting.checkpoints,
      debit numeric(38,4) not null,
      credit numeric(38,4) not null,
      primary key (account, party, currency, link_number)
    );
    create index checkpoint_balances_link on accounting.checkpoint_balances (link_number);
  `);
  for (const table of ['checkpoints', 'checkpoint_totals', 'checkpoint_balances']) {
    await appendOnly(knex, `accounting.${table}`);
  }
}
