import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.channels (
      id uuid primary key,
      name text not null constraint channels_name_key unique check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
      provider text not null,
      receiving_account text not null,
      live boolean not null,
      serves_all boolean not null,
      settings jsonb not null default '{}',
      status text not null default 'active' check (status in ('active', 'disabled')),
      created_at timestamptz not null default clock_timestamp()
    );

    create table orders.channel_merchants (
      channel_id uuid not null references orders.channels,
      merchant_id uuid not null references orders.merchants,
      primary key (channel_id, merchant_id)
    );

    create table orders.channel_keys (
      id uuid primary key,
      channel_id uuid not null references orders.channels,
      purpose text not null,
      serial text,
      sealed_secret text not null,
      created_at timestamptz not null default clock_timestamp(),
      revoked_at timestamptz
    );
    create index channel_keys_channel on orders.channel_keys (channel_id) where revoked_at is null;
  `);
}
