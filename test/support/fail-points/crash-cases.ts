import { contentHash } from '../../../src/core/canonical';
import type { ExtraName } from './crash-extras';
import type { Death } from './mortal-boundaries';

/** What is wrong with a database while a process starts on it, as SQL; and how that is mended when the process is dead. */
export interface Trouble {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** A process that starts on what the dead have left and dies while it recovers that. */
export interface Revival {
  readonly dies: Death;
  readonly given?: Trouble;
}

export interface CrashCase {
  /** Where the process dies that the list of payments was sent to. */
  readonly dies: Death;
  readonly extra?: ExtraName;
  /** The deaths of those that recover, before one may live. */
  readonly then: readonly Revival[];
}

/** Steps that every list of payments comes to. */
const OF_THE_FLOW = [
  'app.answer',
  'orders callbacks.record',
  'accounts balances.try',
  'points balances.try',
  'orders transactions.decide',
  'accounts balances.confirm',
  'points balances.confirm',
  'orders transactions.confirmed',
  'orders transactions.abandon',
  'accounts balances.cancel',
  'points balances.cancel',
  'orders transactions.cancelled',
  'orders callbacks.begin_again',
  'queues.add outbox',
  'queues.work outbox',
  'orders orders.outbox.claim',
  'accounting vouchers.post',
  'orders orders.outbox.finish',
  'queues.add notifications',
  'queues.work notifications',
  'orders notifications.begin_attempts',
  'http.post',
  'orders notifications.record_results',
  'orders notifications.resend',
  'orders orders.close',
  'orders orders.create',
  'orders idempotency.begin',
  'orders idempotency.finish',
] as const;

/** Steps that need something beside the list of payments. */
const WITH_EXTRA = {
  'orders notifications.disable_gone': 'an endpoint is gone',
  'orders notifications.resend_failed': 'failed ones are resent',
  'orders notifications.put_off': 'an endpoint fails',
} as const satisfies Record<string, ExtraName>;

type FlowPoint = (typeof OF_THE_FLOW)[number] | keyof typeof WITH_EXTRA;

const withoutTable = (table: string): Trouble => ({
  before: [`alter table ${table} rename to away`],
  after: [`alter table ${table.split('.')[0]}.away rename to ${table.split('.')[1]}`],
});
const also = (trouble: Trouble, text: string): Trouble => ({ ...trouble, before: [...trouble.before, text] });

/** Its transactions are decided and their holds cannot be confirmed, as only a bug could make them. */
const BROKEN_HOLDS: Trouble = {
  before: [holdsOfDecided('held', 'cancelled')],
  after: [holdsOfDecided('cancelled', 'held')],
};
function holdsOfDecided(from: string, to: string): string {
  return `update accounts.holds h set status = '${to}' from orders.global_transactions t
           where t.gid = h.gid and t.status = 'confirming' and h.status = '${from}'`;
}
/** A hold of which the log knows nothing. */
const ORPHAN: Trouble = {
  before: [
    `insert into accounts.holds (gid, branch, status, created_at)
     values (gen_random_uuid(), 'orphan', 'held', clock_timestamp() - interval '1 hour')`,
  ],
  after: [`delete from accounts.holds where branch = 'orphan'`],
};
/** An id of the year 2022, and a time as long ago as matters. */
const OLD = '01800000-0000-7000-8000-000000000001';
const LONG_AGO = `clock_timestamp() - interval '2 years'`;
const OLDEST_RECEIPT = `(select id from orders.receipts where status = 'settled' order by id limit 1)`;
/** A first attempt at the oldest payment that was cancelled years ago. */
const OLD_TRANSACTION: Trouble = {
  before: [
    `update orders.receipts set settled_at = ${LONG_AGO} where id = ${OLDEST_RECEIPT}`,
    `update orders.outbox set done_at = ${LONG_AGO} where event_key = ${OLDEST_RECEIPT}::text`,
    `insert into orders.global_transactions (gid, receipt_id, pays_order, status, cancelled, plan, legs_hash, deadline, ended_at, next_try_at)
     select '${OLD}', ${OLDEST_RECEIPT}, false, 'cancelled', true, '{"branches":[]}', '${contentHash([])}', ${LONG_AGO}, ${LONG_AGO}, null
     on conflict do nothing`,
  ],
  after: [],
};
/** Tombstones of a transaction that was cleaned. */
const OLD_HOLDS: Trouble = {
  before: [
    `insert into orders.retention_marks (kind, through, cleaned) values ('transactions', '${OLD}', 1) on conflict do nothing`,
    ...['accounts', 'points'].map(
      (schema) =>
        `insert into ${schema}.holds (gid, branch, status, created_at, ended_at)
         values ('${OLD}', 'old', 'cancelled', ${LONG_AGO}, ${LONG_AGO}) on conflict do nothing`,
    ),
  ],
  after: [],
};
/** A notification of the oldest order that an endpoint got years ago. */
const OLD_ATTEMPT: Trouble = {
  before: [
    `insert into orders.notification_endpoints (id, merchant_id, url, schedule, success_rule, sealed_secret, status)
     select '${OLD}', merchant_id, 'https://shop.example', '[0]', 'status_2xx', '', 'disabled' from orders.orders
      order by id limit 1 on conflict do nothing`,
    `insert into orders.notifications (id, merchant_id, order_id, endpoint_id, type, payload, status, attempts, enqueued_until, ended_at)
     select '${OLD}', o.merchant_id, o.id, '${OLD}', 'order.paid', '{"data": {"status": "paid"}}', 'delivered', 1, ${LONG_AGO}, ${LONG_AGO}
       from orders.receipts r join orders.orders o on o.id = r.order_id where r.id = ${OLDEST_RECEIPT} on conflict do nothing`,
    `insert into orders.notification_attempts (notification_id, number, status)
     select id, 1, 'succeeded' from orders.notifications where id = '${OLD}' and attempts_cleaned = 0 on conflict do nothing`,
  ],
  after: [],
};
const OLD_BODY: Trouble = {
  before: [
    `insert into orders.callback_bodies (for_a_person, id, body, stored_at) values (false, '${OLD}', '', ${LONG_AGO})
     on conflict do nothing`,
  ],
  after: [],
};
const ALL_PUT_OFF: Trouble = {
  before: [
    `update orders.notifications set put_off = true, enqueued_until = clock_timestamp() + interval '10 minutes'
      where status = 'scheduled'`,
  ],
  after: [],
};
const FAILING_HOLDS = withoutTable('accounts.holds');
const FAILING_BOOKS = withoutTable('accounting.vouchers');
const STUCK_TRANSACTIONS = also(
  FAILING_HOLDS,
  `update orders.global_transactions set attempts = 8 where ended_at is null`,
);
const STUCK_MESSAGES = also(FAILING_BOOKS, `update orders.outbox set attempts = 9 where status = 'due'`);

type Side = Death['side'];
type Before<Point extends string> = `${Side} ${Point}`;

/**
 * Steps of recovery: which death leaves something for them to do, for the death before the step and for the one after it.
 */
const OF_RECOVERY: Readonly<Record<string, { left: Readonly<Record<Side, Before<FlowPoint>>>; given?: Trouble }>> = {
  'orders orders.global_transactions.claim': {
    left: { before: 'after orders callbacks.record', after: 'before orders transactions.decide' },
  },
  'orders orders.global_transactions.retry_later': {
    left: { before: 'before orders transactions.confirmed', after: 'after accounts balances.confirm' },
    given: FAILING_HOLDS,
  },
  'orders callbacks.report_stuck': {
    left: { before: 'after points balances.confirm', after: 'before points balances.confirm' },
    given: STUCK_TRANSACTIONS,
  },
  'orders callbacks.report_bug': {
    left: { before: 'after orders transactions.decide', after: 'before accounts balances.confirm' },
    given: BROKEN_HOLDS,
  },
  'orders callbacks.report_orphans': {
    left: { before: 'before accounts balances.try', after: 'after points balances.try' },
    given: ORPHAN,
  },
  'accounts balances.open_holds': {
    left: { before: 'after accounts balances.try', after: 'before points balances.try' },
  },
  'points balances.open_holds': {
    left: { before: 'before orders transactions.abandon', after: 'after orders transactions.abandon' },
  },
  'accounts balances.forget_holds': {
    left: { before: 'before accounts balances.cancel', after: 'after accounts balances.cancel' },
    given: OLD_HOLDS,
  },
  'points balances.forget_holds': {
    left: { before: 'before points balances.cancel', after: 'after points balances.cancel' },
    given: OLD_HOLDS,
  },
  'orders retention.transactions': {
    left: { before: 'before orders transactions.cancelled', after: 'after orders callbacks.begin_again' },
    given: OLD_TRANSACTION,
  },
  'orders retention.attempts': {
    left: { before: 'before orders notifications.record_results', after: 'after orders notifications.record_results' },
    given: OLD_ATTEMPT,
  },
  'orders retention.bodies': {
    left: { before: 'before orders idempotency.begin', after: 'after orders idempotency.begin' },
    given: OLD_BODY,
  },
  'orders orders.receipts.claim': {
    left: { before: 'after orders transactions.cancelled', after: 'before orders callbacks.begin_again' },
  },
  'orders orders.receipts.retry_later': {
    left: { before: 'after orders transactions.cancelled', after: 'before orders callbacks.begin_again' },
    given: FAILING_HOLDS,
  },
  'orders orders.outbox.mark_overdue': {
    left: { before: 'before queues.add outbox', after: 'before accounting vouchers.post' },
  },
  'orders orders.outbox.retry_later': {
    left: { before: 'before queues.work outbox', after: 'before orders orders.outbox.claim' },
    given: FAILING_BOOKS,
  },
  'orders outbox.report_stuck': {
    left: { before: 'after queues.add outbox', after: 'after orders orders.outbox.claim' },
    given: STUCK_MESSAGES,
  },
  'orders notifications.mark_overdue': {
    left: { before: 'before queues.add notifications', after: 'before orders notifications.begin_attempts' },
  },
  'orders notifications.draw_put_off': {
    left: { before: 'before queues.work notifications', after: 'before http.post' },
    given: ALL_PUT_OFF,
  },
  'orders orders.expire': { left: { before: 'before orders orders.close', after: 'after orders orders.create' } },
  'accounting books.checkpoint': {
    left: { before: 'after accounting vouchers.post', after: 'before orders orders.outbox.finish' },
  },
};

const SIDES: readonly Side[] = ['before', 'after'];

/** Every fail point that a process is killed at, once before it and once after it. */
export const CRASH_CASES: readonly CrashCase[] = [
  ...OF_THE_FLOW.map((point) => ({ point })),
  ...Object.entries(WITH_EXTRA).map(([point, extra]) => ({ point, extra })),
].flatMap(({ point, ...extra }) =>
  SIDES.map((side) => ({ dies: { point, side }, ...extra, then: recoveries(side, point) })),
);

function recoveries(side: Side, left: string): readonly Revival[] {
  return Object.entries(OF_RECOVERY).flatMap(([point, { left: after, given }]) =>
    SIDES.filter((one) => after[one] === `${side} ${left}`).map((one) => ({
      dies: { point, side: one },
      ...(given === undefined ? {} : { given }),
    })),
  );
}

export function nameOfCase({ dies, then }: CrashCase): string {
  return [dies, ...then.map((one) => one.dies)].map(({ side, point }) => `${side} ${point}`).join(', then ');
}

/** Each death of each case. */
export function deathsOf(cases: readonly CrashCase[]): readonly Death[] {
  return cases.flatMap(({ dies, then }) => [dies, ...then.map((one) => one.dies)]);
}

const CLAIMED_FROM_THE_QUEUE: readonly string[] = ['orders orders.outbox.claim', 'orders notifications.begin_attempts'];

/** Whether it dies where only that goes by which the process gives to the queue instead of doing it itself. */
export function needsQueue({ dies: { point } }: CrashCase): boolean {
  return point.startsWith('queues.') || CLAIMED_FROM_THE_QUEUE.includes(point);
}
