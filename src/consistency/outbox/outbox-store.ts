import type { MessageId } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import { type Database, type Tx, statement } from '../transaction';
import type { OutboxMessage } from './outbox';

/** A claimed row. `attempts` has counted the attempt that the claim begins. */
export interface OutboxRow {
  readonly id: MessageId;
  readonly topic: string;
  readonly event_key: string;
  readonly version: number;
  readonly payload: unknown;
  readonly attempts: number;
  readonly traceparent: Traceparent | null;
}

export const OUTBOX_TABLE = {
  schema: 'orders',
  table: 'outbox',
  key: 'id',
  due: ['due'],
  columns: 't.id, t.topic, t.event_key, t.version, t.payload, t.attempts, t.traceparent',
} as const;

/** Rows go in by their key, so that two transactions which append the same events cannot wait for each other. */
const INSERT = statement(
  'orders.outbox.insert',
  `insert into orders.outbox (id, topic, event_key, version, payload, traceparent, enqueued_until)
   select n.id, n.topic, n.event_key, n.version, n.payload::jsonb, n.traceparent,
          clock_timestamp() + $6::int * interval '1 second'
     from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $7::text[])
       as n(id, topic, event_key, version, payload, traceparent)
    order by n.topic, n.event_key
   on conflict (topic, event_key) do nothing`,
);

const FINISH = statement(
  'orders.outbox.finish',
  `update orders.outbox set status = 'done', done_at = clock_timestamp(), lease_token = null, last_error = null
    where id = any($1::uuid[]) and lease_token = $2 and status = 'due'`,
);

const MARK_OVERDUE = statement(
  'orders.outbox.mark_overdue',
  `with overdue as (
     select id from orders.outbox
      where status = 'due' and next_try_at <= (select clock_timestamp()) and enqueued_until <= (select clock_timestamp())
      order by next_try_at limit $1 for update skip locked)
   update orders.outbox o set enqueued_until = clock_timestamp() + $2::int * interval '1 second'
     from overdue where o.id = overdue.id
   returning o.id`,
);

export const outboxStore = {
  insert: (tx: Tx<'orders'>, messages: readonly OutboxMessage[], hintedForSeconds: number): void => {
    tx.send(INSERT, [
      messages.map((message) => message.id),
      messages.map((message) => message.topic),
      messages.map((message) => message.eventKey),
      messages.map((message) => message.version),
      messages.map((message) => JSON.stringify(message.payload)),
      hintedForSeconds,
      messages.map((message) => message.traceparent),
    ]);
  },
  /** Only rows that are still claimed under the token. */
  finish: async (db: Database<'orders'>, token: string, ids: readonly string[]): Promise<void> => {
    await db.write(FINISH, [ids, token]);
  },
  /** Ids that are due and that the queue should know of by now and perhaps does not; marks them as told once more. */
  markOverdue: async (db: Database<'orders'>, limit: number, hintedForSeconds: number): Promise<MessageId[]> =>
    (await db.write<{ id: MessageId }>(MARK_OVERDUE, [limit, hintedForSeconds])).map((row) => row.id),
};
