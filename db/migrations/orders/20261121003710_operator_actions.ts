import type { Knex } from 'knex';
import { appendOnly } from '../../append-only';

/**
 * What operators do: an intent before the action is executed and an outcome after it, in one chain of hashes. The body and
 * the query are texts, not jsonb, because the hash is over the very text.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create table orders.operator_actions (
      number bigint primary key,
      kind text not null check (kind in ('intent', 'outcome')),
      action_id uuid not null,
      at timestamptz not null,
      subjects text[] not null,

      operator text,
      operation text,
      method text,
      path text,
      query text,
      body text,
      content_type text,
      content_length bigint,
      content_digest text,
      request_id text,
      trace_id text,
      client_address text,
      idempotency_key text,

      status integer,
      problem text,
      created text,
      replayed boolean,

      previous_hash text not null constraint operator_actions_previous_hash_key unique,
      hash text not null constraint operator_actions_hash_key unique,
      key_id text not null,
      signature text not null,
      constraint operator_actions_once unique (action_id, kind),
      constraint operator_actions_complete check (
        case kind
          when 'intent' then operator is not null and method is not null and path is not null and request_id is not null
                             and status is null and problem is null and created is null and replayed is null
          else status is not null and replayed is not null and operator is null and method is null and path is null
        end)
    );
    create index operator_actions_by_operator on orders.operator_actions (operator, number) where kind = 'intent';
    create index operator_actions_by_operation on orders.operator_actions (operation, number) where kind = 'intent';
    create index operator_actions_by_time on orders.operator_actions (at, number) where kind = 'intent';
    create index operator_actions_by_subject on orders.operator_actions using gin (subjects);
  `);
  await appendOnly(knex, 'orders.operator_actions');
}
