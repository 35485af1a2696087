import type { Knex } from 'knex';

/**
 * What came of comparing statements with receipts. A receipt is met by at most one line and a line meets at most one
 * receipt. Receipts carry no foreign key from here: a million of them would each be locked and written for it, and no
 * receipt is ever deleted.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.reconciliation_matches (
      receipt_id uuid primary key,
      channel_id uuid not null references orders.channels,
      identity text not null,
      run_id uuid not null,
      line_run uuid not null,
      line_number integer not null,
      line_status text not null,
      agrees boolean not null,
      amount numeric(24,4) not null,
      currency text not null,
      fee numeric(26,6),
      occurred_at timestamptz,
      constraint reconciliation_matches_line unique (channel_id, identity)
    );

    create table orders.reconciliation_results (
      number bigint generated always as identity primary key,
      run_id uuid not null references orders.statement_runs,
      class text not null,
      line_run uuid,
      line_number integer,
      identity text,
      receipt_id uuid,
      amount numeric(24,4) not null,
      currency text not null,
      fee numeric(26,6),
      our_amount numeric(24,4),
      our_currency text,
      expected_fee numeric(26,6),
      note text,
      explains boolean not null default false
    );
    create index reconciliation_results_run on orders.reconciliation_results (run_id, class, number);

    create table orders.reconciliation_pool (
      number bigint generated always as identity primary key,
      channel_id uuid not null references orders.channels,
      side text not null check (side in ('ours', 'bank')),
      receipt_id uuid constraint reconciliation_pool_receipt unique,
      identity text,
      line_run uuid,
      line_number integer,
      amount numeric(24,4) not null,
      currency text not null,
      note text,
      status text not null default 'waiting' check (status in ('waiting', 'overdue', 'ended')),
      since timestamptz not null default clock_timestamp(),
      due_at timestamptz not null,
      ended_at timestamptz,
      constraint reconciliation_pool_line unique (channel_id, identity),
      constraint reconciliation_pool_side check ((side = 'ours') = (receipt_id is not null and identity is null)),
      constraint reconciliation_pool_ended check ((status = 'ended') = (ended_at is not null))
    );
    create index reconciliation_pool_open on orders.reconciliation_pool (channel_id, number) where status <> 'ended';
    create index reconciliation_pool_due on orders.reconciliation_pool (due_at) where status = 'waiting';
  `);
}
