import type { Knex } from 'knex';

/** The coordinator's log. The two partial unique indexes are the last word on "paid at most once". */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.global_transactions (
      gid uuid primary key,
      receipt_id uuid not null references orders.receipts,
      order_id uuid references orders.orders,
      pays_order boolean not null,
      status text not null check (status in ('trying', 'confirming', 'confirmed', 'cancelling', 'cancelled')),
      plan jsonb not null,
      legs_hash text not null,
      refusal jsonb,
      deadline timestamptz not null,
      attempts integer not null default 0,
      next_try_at timestamptz not null,
      lease_token uuid,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      decided_at timestamptz,
      ended_at timestamptz,
      constraint global_transactions_pays check (not pays_order or order_id is not null)
    );
    create unique index global_transactions_one_per_receipt on orders.global_transactions (receipt_id)
      where status <> 'cancelled';
    create unique index global_transactions_one_pays_order on orders.global_transactions (order_id)
      where pays_order and status <> 'cancelled';
    create index global_transactions_due on orders.global_transactions (next_try_at)
      where status in ('trying', 'confirming', 'cancelling');
    create index global_transactions_receipt on orders.global_transactions (receipt_id);
  `);
}
