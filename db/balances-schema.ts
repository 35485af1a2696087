import type { Knex } from 'knex';
import { appendOnly } from './append-only';

/**
 * The tables of a participant. Accounts and points are two instances of one design, each in its own schema (and, where
 * the operator wants it, on its own server).
 */
export async function createBalances(knex: Knex, schema: 'accounts' | 'points'): Promise<void> {
  await knex.raw(`
    create table ${schema}.accounts (
      id uuid primary key,
      code text not null constraint accounts_code_key unique check (length(code) between 1 and 300),
      kind text not null,
      owner text not null,
      unit text not null check (length(unit) between 3 and 8),
      name text,
      status text not null default 'open' check (status in ('open', 'frozen', 'closed')),
      balance numeric(24,4) not null default 0,
      reserved numeric(24,4) not null default 0 check (reserved >= 0),
      entry_count bigint not null default 0,
      created_at timestamptz not null default clock_timestamp(),
      constraint accounts_not_below_zero check (balance >= reserved),
      constraint accounts_protected check (status = 'open' or kind not in ('suspense', 'fees'))
    );
    create index accounts_owner on ${schema}.accounts (owner, id);

    create table ${schema}.holds (
      gid uuid not null,
      branch text not null,
      status text not null check (status in ('held', 'confirmed', 'cancelled')),
      content_hash text,
      account_ids uuid[] not null default '{}',
      outbound boolean[] not null default '{}',
      amounts numeric(24,4)[] not null default '{}',
      created_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      constraint holds_pkey primary key (gid, branch),
      constraint holds_legs_positive check (0 < all (amounts)),
      constraint holds_legs_complete check (
        cardinality(account_ids) = cardinality(amounts) and cardinality(outbound) = cardinality(amounts))
    );
    create index holds_open on ${schema}.holds (created_at) where status = 'held';
    create index holds_tombstones on ${schema}.holds (ended_at) where status = 'cancelled';

    create table ${schema}.entries (
      id uuid primary key,
      account_id uuid not null references ${schema}.accounts,
      number bigint not null,
      gid uuid not null,
      branch text not null,
      amount numeric(24,4) not null check (amount <> 0),
      balance_after numeric(24,4) not null,
      created_at timestamptz not null default clock_timestamp(),
      constraint entries_account_number_key unique (account_id, number)
    );
    create index entries_gid on ${schema}.entries (gid);
  `);
  await appendOnly(knex, `${schema}.entries`);
}
