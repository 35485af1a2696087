import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.orders (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      merchant_order_no text not null,
      payment_reference text not null constraint orders_payment_reference_key unique
        check (payment_reference ~ '^[0-9A-Za-z]{1,32}$'),
      amount numeric(24,4) not null check (amount > 0),
      currency text not null,
      fee numeric(24,4) not null check (fee >= 0),
      splits jsonb not null default '[]',
      splits_total numeric(24,4) not null default 0 check (splits_total >= 0),
      channels text[],
      customer text,
      points numeric(24,4) not null default 0 check (points >= 0),
      points_value numeric(24,4) not null default 0 check (points_value >= 0),
      description text,
      metadata jsonb not null default '{}',
      status text not null default 'open' check (status in ('open', 'paid', 'closed', 'expired')),
      claimed_by uuid,
      paid_by uuid,
      expires_at timestamptz,
      created_at timestamptz not null default clock_timestamp(),
      paid_at timestamptz,
      ended_at timestamptz,
      constraint orders_merchant_order_no_key unique (merchant_id, merchant_order_no),
      constraint orders_net_not_negative check (fee + splits_total <= amount),
      constraint orders_paid_by_receipt check ((status = 'paid') = (paid_by is not null))
    );
    create index orders_merchant on orders.orders (merchant_id, id);
    create index orders_expiry on orders.orders (expires_at) where status = 'open' and expires_at is not null;
  `);
}
