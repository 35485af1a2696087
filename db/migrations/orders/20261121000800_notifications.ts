import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.notification_endpoints (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      url text not null,
      schedule jsonb not null,
      success_rule text not null check (success_rule in ('status_2xx', 'body_success')),
      sealed_secret text not null,
      sealed_previous_secret text,
      previous_secret_until timestamptz,
      status text not null default 'active' check (status in ('active', 'disabled')),
      disabled_reason text,
      created_at timestamptz not null default clock_timestamp()
    );
    create index notification_endpoints_merchant on orders.notification_endpoints (merchant_id, id);

    create table orders.notifications (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      order_id uuid not null references orders.orders,
      endpoint_id uuid references orders.notification_endpoints,
      type text not null,
      payload text not null,
      status text not null
        check (status in ('scheduled', 'delivered', 'exhausted', 'no_endpoint', 'endpoint_disabled')),
      attempts integer not null default 0,
      next_try_at timestamptz not null default clock_timestamp(),
      enqueued_until timestamptz not null,
      lease_token uuid,
      last_error text,
      created_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      constraint notifications_endpoint check ((status = 'no_endpoint') = (endpoint_id is null))
    );
    create unique index notifications_once on orders.notifications
      (order_id, type, coalesce(endpoint_id, '00000000-0000-0000-0000-000000000000'));
    create index notifications_due on orders.notifications (next_try_at) where status = 'scheduled';

    create table orders.notification_attempts (
      notification_id uuid not null references orders.notifications,
      number integer not null,
      status text not null check (status in ('started', 'succeeded', 'failed')),
      http_status integer,
      error text,
      response_excerpt text,
      duration_ms integer,
      started_at timestamptz not null default clock_timestamp(),
      ended_at timestamptz,
      primary key (notification_id, number)
    );
  `);
}
