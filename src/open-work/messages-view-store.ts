import { type Queryable, type Statement, statement } from '../consistency/transaction';
import { STUCK_AFTER_ATTEMPTS, STUCK_AFTER_SECONDS } from '../core/stuck';
import type { MessageId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { WhichWork } from './work';

export interface ViewedMessage {
  readonly id: MessageId;
  readonly topic: string;
  readonly event_key: string;
  readonly status: 'due' | 'done';
  readonly attempts: number;
  readonly next_try_at: Date;
  readonly worked_on: boolean;
  readonly last_error: string | null;
  readonly age_seconds: number;
  readonly created_at: Date;
  readonly done_at: Date | null;
  readonly traceparent: Traceparent | null;
}

export interface MessageSearch extends WhichWork {
  readonly status: 'due' | 'done' | undefined;
  readonly stuck: boolean;
  readonly after: string | undefined;
  readonly limit: number;
}

const SELECT = `
  select m.id, m.topic, m.event_key, m.status, m.attempts, m.next_try_at, m.last_error, m.created_at, m.done_at, m.traceparent,
         (m.status = 'due' and m.lease_token is not null and m.next_try_at > clock_timestamp()) as worked_on,
         greatest(floor(extract(epoch from coalesce(m.done_at, clock_timestamp()) - m.created_at)), 0)::int as age_seconds
    from orders.outbox m`;

const STUCK = `(d.attempts >= ${STUCK_AFTER_ATTEMPTS.messages}
  or d.created_at <= (select clock_timestamp()) - interval '${STUCK_AFTER_SECONDS} seconds')`;

/** Those that are due come through the index over them, however many are done; the newest of all through the key. */
const searchDue = (stuck: boolean): Statement =>
  statement(
    `orders.outbox.search_due.${String(stuck)}`,
    `with due as materialized (
       select o.id, o.attempts, o.created_at from orders.outbox o where o.status = 'due' order by o.next_try_at),
     chosen as (
       select d.id from due d
        where ($1::uuid is null or d.id < $1) and ($3::int is null or d.attempts >= $3)
          and ($4::int is null or d.created_at <= (select clock_timestamp()) - $4::int * interval '1 second')
          ${stuck ? `and ${STUCK}` : ''}
        order by d.id desc limit $2)
     ${SELECT} join chosen using (id) order by m.id desc`,
  );
const SEARCH = {
  due: searchDue(false),
  stuck: searchDue(true),
  any: statement('orders.outbox.search', `${SELECT} where ($1::uuid is null or m.id < $1) order by m.id desc limit $2`),
  done: statement(
    'orders.outbox.search_done',
    `${SELECT} where ($1::uuid is null or m.id < $1) and m.status = 'done' order by m.id desc limit $2`,
  ),
};

/** Newest first. What is narrowed to attempts or age is due. */
export function searchMessages(db: Queryable<'orders'>, search: MessageSearch): Promise<ViewedMessage[]> {
  const { status, stuck, minAttempts, olderThanSeconds, after, limit } = search;
  const page = [after ?? null, limit];
  const isDue = status === 'due' || stuck || minAttempts !== undefined || olderThanSeconds !== undefined;
  if (!isDue) return db.query<ViewedMessage>(SEARCH[status ?? 'any'], page);
  return db.query<ViewedMessage>(stuck ? SEARCH.stuck : SEARCH.due, [
    ...page,
    minAttempts ?? null,
    olderThanSeconds ?? null,
  ]);
}

const READ = statement('orders.outbox.view', `${SELECT} where m.id = $1`);

export async function viewMessage(db: Queryable<'orders'>, id: MessageId): Promise<ViewedMessage | undefined> {
  return (await db.query<ViewedMessage>(READ, [id]))[0];
}
