import type { Knex } from 'knex';

/**
 * A notification follows the schedule that its endpoint had when it was announced or resent, counted from the attempts that
 * had been made by then. One that is put off waits for its endpoint to work again.
 *
 * What the sweep looks for is ordered by when it may look, so that rows which are handed out or put off do not stand in the
 * way of others. Each of the other indexes holds only rows that have left the path of a payment whose merchant answers.
 */
export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    alter table orders.notifications
      add column schedule jsonb,
      add column schedule_from integer not null default 0,
      add column put_off boolean not null default false;
    update orders.notifications n set schedule = e.schedule
      from orders.notification_endpoints e where e.id = n.endpoint_id;

    drop index orders.notifications_due;
    create index notifications_due on orders.notifications (greatest(next_try_at, enqueued_until))
      where status = 'scheduled';
    create index notifications_put_off on orders.notifications (endpoint_id, next_try_at)
      where status = 'scheduled' and put_off;
    create index notifications_failed on orders.notifications (endpoint_id, ended_at)
      where status in ('exhausted', 'endpoint_disabled');
    create index notifications_ended on orders.notifications (merchant_id, id) where status <> 'scheduled';
  `);
}
