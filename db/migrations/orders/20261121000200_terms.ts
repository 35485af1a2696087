import type { Knex } from 'knex';

/** What a merchant has agreed to: the fee per payment and the points that its customers earn, one of each per currency. */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.fee_plans (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      currency text not null,
      rate numeric(9,6) not null check (rate between 0 and 1),
      fixed numeric(24,4) not null default 0 check (fixed >= 0),
      minimum numeric(24,4) check (minimum >= 0),
      maximum numeric(24,4) check (maximum >= 0),
      rounding text not null check (rounding in ('half_up', 'half_even', 'up', 'down')),
      created_at timestamptz not null default clock_timestamp(),
      replaced_at timestamptz,
      constraint fee_plans_bounds check (minimum is null or maximum is null or minimum <= maximum)
    );
    create unique index fee_plans_in_force on orders.fee_plans (merchant_id, currency) where replaced_at is null;

    create table orders.points_rules (
      id uuid primary key,
      merchant_id uuid not null references orders.merchants,
      currency text not null,
      points_per_unit numeric(24,4) not null check (points_per_unit > 0),
      point_value numeric(24,4) not null default 0 check (point_value >= 0),
      created_at timestamptz not null default clock_timestamp(),
      replaced_at timestamptz
    );
    create unique index points_rules_in_force on orders.points_rules (merchant_id, currency) where replaced_at is null;
  `);
}
