import type { Knex } from 'knex';

/** Answers of POSTs that created something: same key and content, same answer; other content, 409. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.idempotency_keys (
      caller text not null,
      key text not null,
      content_hash text not null,
      status integer,
      body text,
      lease_until timestamptz not null,
      created_at timestamptz not null default clock_timestamp(),
      primary key (caller, key)
    );
    create index idempotency_keys_age on orders.idempotency_keys (created_at);
  `);
}
