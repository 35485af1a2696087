import type { Knex } from 'knex';

/** The inbox keeps every verified message; a receipt is money, and many messages may speak of one. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.receipts (
      id uuid primary key,
      provider text not null,
      receiving_account text not null,
      provider_reference text not null,
      channel_id uuid not null references orders.channels,
      amount numeric(24,4) not null check (amount > 0),
      currency text not null,
      payment_reference text,
      order_id uuid references orders.orders,
      status text not null check (status in ('waiting', 'settling', 'decided', 'settled')),
      outcome text,
      refusals jsonb not null default '[]',
      attempts integer not null default 0,
      next_try_at timestamptz not null,
      lease_token uuid,
      last_error text,
      received_at timestamptz not null default clock_timestamp(),
      decided_at timestamptz,
      settled_at timestamptz,
      constraint receipts_identity_key unique (provider, receiving_account, provider_reference),
      constraint receipts_outcome check ((status in ('decided', 'settled')) = (outcome is not null))
    );
    create index receipts_due on orders.receipts (next_try_at) where status = 'waiting';
    create index receipts_order on orders.receipts (order_id) where order_id is not null;
    create unique index receipts_pay_an_order_once on orders.receipts (order_id) where outcome = 'order_paid';

    alter table orders.orders
      add constraint orders_claimed_by_fkey foreign key (claimed_by) references orders.receipts,
      add constraint orders_paid_by_fkey foreign key (paid_by) references orders.receipts;

    create table orders.inbox_events (
      id uuid primary key,
      channel_id uuid not null references orders.channels,
      event_key text not null,
      verdict text not null,
      provider_reference text,
      payment_reference text,
      receipt_id uuid references orders.receipts,
      outcome text not null,
      facts jsonb not null default '{}',
      body bytea,
      body_hash text not null,
      received_at timestamptz not null default clock_timestamp(),
      constraint inbox_events_key unique (channel_id, event_key)
    );
    create index inbox_events_receipt on orders.inbox_events (receipt_id) where receipt_id is not null;
  `);
}
