import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.merchants (
      id uuid primary key,
      name text not null constraint merchants_name_key unique,
      status text not null default 'active' check (status in ('active', 'suspended')),
      created_at timestamptz not null default clock_timestamp()
    );

    create table orders.api_keys (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      name text not null,
      shown_prefix text not null,
      key_hash text not null constraint api_keys_hash_key unique,
      created_at timestamptz not null default clock_timestamp(),
      revoked_at timestamptz
    );
    create index api_keys_merchant on orders.api_keys (merchant_id, id);
  `);
}
