import type { Knex } from 'knex';

/**
 * What channels say in their statements. A run is one statement on its way (or a look at the pools without one); its lines
 * are what any reader makes of a file, whatever its format. A file counts once per channel, unless it was quarantined.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.statement_mappings (
      channel_id uuid primary key references orders.channels,
      file jsonb not null,
      rules jsonb not null,
      updated_at timestamptz not null default clock_timestamp()
    );

    create table orders.statement_runs (
      id uuid primary key,
      channel_id uuid not null references orders.channels,
      kind text not null check (kind in ('statement', 'examination')),
      statement_date date not null,
      file_name text,
      file_hash text,
      file_bytes bigint,
      lines integer,
      rules jsonb not null,
      status text not null check (status in ('receiving', 'quarantined', 'staged', 'matching', 'done')),
      step text,
      position bigint not null default 0,
      reasons jsonb not null default '[]',
      totals jsonb not null default '[]',
      attempts integer not null default 0,
      next_try_at timestamptz not null default clock_timestamp(),
      lease_token uuid,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      constraint statement_runs_step check ((status = 'matching') = (step is not null)),
      constraint statement_runs_ended check ((status in ('quarantined', 'done')) = (ended_at is not null))
    );
    create unique index statement_runs_file on orders.statement_runs (channel_id, file_hash)
      where status <> 'quarantined' and file_hash is not null;
    create index statement_runs_due on orders.statement_runs (next_try_at)
      where status in ('receiving', 'staged', 'matching');
    create index statement_runs_channel on orders.statement_runs (channel_id, statement_date);

    create table orders.statement_lines (
      run_id uuid not null references orders.statement_runs,
      number integer not null,
      status text not null check (status in ('paid', 'failed', 'refunded', 'reversed')),
      identity text not null,
      identified boolean not null,
      provider_reference text,
      payment_reference text,
      amount numeric(24,4) not null,
      currency text not null,
      fee numeric(26,6),
      occurred_at timestamptz,
      primary key (run_id, number)
    );
  `);
}
