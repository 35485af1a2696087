import { filtered } from '../by-key';
import type { MessageId } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import type { BirthClaim } from '../claims';
import { columnsOf } from '../columns';
import { type Database, type Queryable, type Tx, statement } from '../transaction';
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
  // What is claimed has come out of the queue: from then on only the lease or the backoff says when it is due.
  alsoAtClaim: 'waits_for = null, enqueued_until = clock_timestamp()',
} as const;

/** Rows go in by their key, so that two transactions which append the same events cannot wait for each other. */
const inserting = (columns: string, values: string): string =>
  `insert into orders.outbox (id, topic, event_key, version, payload, traceparent, ${columns})
   select n.id, n.topic, n.event_key, n.version, n.payload::jsonb, n.traceparent, ${values}
     from unnest($1::uuid[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[])
       as n(id, topic, event_key, version, payload, traceparent)
    order by n.topic, n.event_key
   on conflict (topic, event_key) do nothing`;

const messageColumns = columnsOf<OutboxMessage>(
  (message) => message.id,
  (message) => message.topic,
  (message) => message.eventKey,
  (message) => message.version,
  (message) => JSON.stringify(message.payload),
  (message) => message.traceparent,
);

const INSERT = statement(
  'orders.outbox.insert',
  inserting('enqueued_until', `clock_timestamp() + $7::int * interval '1 second'`),
);

/** As a claim leaves them: their first attempt has begun. */
const INSERT_CLAIMED = statement(
  'orders.outbox.insert_claimed',
  inserting(
    'enqueued_until, lease_token, next_try_at, attempts',
    `clock_timestamp(), $7, clock_timestamp() + $8::int * interval '1 millisecond', 1`,
  ),
);

const FINISH = statement(
  'orders.outbox.finish',
  `update orders.outbox set status = 'done', done_at = clock_timestamp(), lease_token = null, last_error = null
    where id = any($1::uuid[]) and ${filtered(`lease_token = $2 and status = 'due'`)}`,
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

const STANDING = statement(
  'orders.outbox.standing_of',
  `select id, next_try_at as "nextTryAt",
          greatest(floor(extract(epoch from clock_timestamp() - created_at)), 0)::int as "ageSeconds"
     from orders.outbox where id = any($1::uuid[])`,
);

export const outboxStore = {
  insert: (tx: Tx<'orders'>, messages: readonly OutboxMessage[], hintedForSeconds: number): void => {
    tx.send(INSERT, [...messageColumns(messages), hintedForSeconds]);
  },
  /** The same, born claimed for whoever appends them. */
  insertClaimed: (tx: Tx<'orders'>, messages: readonly OutboxMessage[], { token, leaseMs }: BirthClaim): void => {
    tx.send(INSERT_CLAIMED, [...messageColumns(messages), token, leaseMs]);
  },
  /** Only rows that are still claimed under the token. */
  finish: async (db: Database<'orders'>, token: string, ids: readonly string[]): Promise<void> => {
    await db.write(FINISH, [ids, token]);
  },
  /** When each is tried next, and how old it is. */
  standing: async (
    db: Queryable<'orders'>,
    ids: readonly MessageId[],
  ): Promise<ReadonlyMap<MessageId, { readonly nextTryAt: Date; readonly ageSeconds: number }>> => {
    const rows = await db.query<{ id: MessageId; nextTryAt: Date; ageSeconds: number }>(STANDING, [ids]);
    return new Map(rows.map(({ id, ...standing }) => [id, standing]));
  },
  /** Ids that are due and that the queue should know of by now and perhaps does not; marks them as told once more. */
  markOverdue: async (db: Database<'orders'>, limit: number, hintedForSeconds: number): Promise<MessageId[]> =>
    (await db.write<{ id: MessageId }>(MARK_OVERDUE, [limit, hintedForSeconds])).map((row) => row.id),
};
