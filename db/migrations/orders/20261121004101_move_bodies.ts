import type { Knex } from 'knex';

/**
 * Bodies that were kept in the row of an event move to the callback's own. An event without a body gets that of another event
 * of its channel with the same hash: it came in the same callback, or in one with the very same bytes.
 *
 * About a minute per million events. It locks rows that no payment writes to again, and keeps nobody from adding others.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    create temporary table kept on commit drop as
      select distinct on (channel_id, body_hash) channel_id, body_hash, id
        from orders.inbox_events where body is not null order by channel_id, body_hash, id;
    analyze kept;
    insert into orders.callback_bodies (for_a_person, id, body, stored_at)
      select o.for_a_person, k.id, e.body, e.received_at
        from kept k join orders.inbox_events e using (id)
        join (select channel_id, body_hash, bool_or(outcome = 'for_a_person') as for_a_person
                from orders.inbox_events group by channel_id, body_hash) o
          on o.channel_id = k.channel_id and o.body_hash = k.body_hash;
    update orders.inbox_events e set callback_id = k.id
      from kept k where k.channel_id = e.channel_id and k.body_hash = e.body_hash;
  `);
}
