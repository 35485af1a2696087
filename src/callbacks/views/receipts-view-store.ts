import { type Queryable, type Statement, statement } from '../../consistency/transaction';
import type { Refusal } from '../../consistency/tcc/log-store';
import type { OrderId, ReceiptId } from '../../core/ids';
import { STUCK_AFTER_SECONDS } from '../../core/stuck';
import type { Traceparent } from '../../core/traceparent';
import type { ReceiptStatus } from '../receipts-store';

export type ReceiptOutcome = 'order_paid' | 'suspense';

export interface ViewedReceipt {
  readonly id: ReceiptId;
  readonly channel: string;
  readonly provider: string;
  readonly receiving_account: string;
  readonly provider_reference: string;
  readonly payment_reference: string | null;
  readonly amount: string;
  readonly currency: string;
  readonly order_id: OrderId | null;
  readonly status: ReceiptStatus;
  readonly outcome: ReceiptOutcome | null;
  readonly refusals: readonly Refusal[];
  readonly attempts: number;
  readonly next_try_at: Date | null;
  readonly worked_on: boolean;
  readonly last_error: string | null;
  readonly age_seconds: number;
  readonly received_at: Date;
  readonly decided_at: Date | null;
  readonly settled_at: Date | null;
  readonly traceparent: Traceparent | null;
}

export interface ReceiptSearch {
  readonly channel: string | undefined;
  readonly status: ReceiptStatus | undefined;
  readonly outcome: ReceiptOutcome | undefined;
  readonly providerReference: string | undefined;
  readonly paymentReference: string | undefined;
  readonly order: OrderId | undefined;
  /** These three narrow it to those that are not settled. */
  readonly stuck: boolean;
  readonly olderThanSeconds: number | undefined;
  readonly minAttempts: number | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

const SELECT = `
  select r.id, c.name as channel, r.provider, r.receiving_account, r.provider_reference, r.payment_reference, r.amount,
         r.currency, r.order_id, r.status, r.outcome, r.refusals, r.attempts, r.next_try_at, r.last_error,
         (r.status = 'waiting' and r.lease_token is not null and r.next_try_at > clock_timestamp()) as worked_on,
         greatest(floor(extract(epoch from coalesce(r.settled_at, clock_timestamp()) - r.received_at)), 0)::int as age_seconds,
         r.received_at, r.decided_at, r.settled_at, r.traceparent
    from orders.receipts r join orders.channels c on c.id = r.channel_id`;

/**
 * A receipt is `settling` or `decided` only while its transaction has not ended, and of those there is an index: the few
 * that are under way are found without one more index for every payment to write.
 */
const UNDER_WAY = `r.id in (
  select t.receipt_id from orders.global_transactions t
   where t.status in ('trying', 'confirming', 'cancelling') and t.next_try_at is not null)`;
const STATUS_IS: Readonly<Record<ReceiptStatus, string>> = {
  waiting: "r.status = 'waiting' and r.next_try_at is not null",
  settling: `r.status = 'settling' and ${UNDER_WAY}`,
  decided: `r.status = 'decided' and ${UNDER_WAY}`,
  settled: "r.status = 'settled'",
};
/** The mark says what the outcome says, which a check of the table keeps true, and of the mark there is an index. */
const OUTCOME_IS: Readonly<Record<ReceiptOutcome, string>> = {
  order_paid: "r.outcome = 'order_paid'",
  suspense: 'r.in_suspense',
};

/** A provider's reference is unique per receiving account, and of these there are few: each is asked by the key. */
const OF_PROVIDER_REFERENCE = `r.id in (
  select p.id from (select distinct provider, receiving_account from orders.channels) a
    join orders.receipts p using (provider, receiving_account) where p.provider_reference = $3)`;
/** What has met its order is found through the order, the rest among what waits and what met none. */
const OF_PAYMENT_REFERENCE = `r.id in (
  select p.id from orders.orders o join orders.receipts p on p.order_id = o.id where o.payment_reference = $4
  union all
  select p.id from orders.receipts p where p.payment_reference = $4 and p.order_id is null)`;

/**
 * A receipt that is not settled waits, or has a transaction that has not ended: both are taken out of their indexes first,
 * because a walk back from the newest would read the millions that are settled.
 */
const OPEN = `with open as materialized (
  select r.id from orders.receipts r where r.status = 'waiting' and r.next_try_at is not null
  union all
  select t.receipt_id from orders.global_transactions t
   where t.status in ('trying', 'confirming', 'cancelling') and t.next_try_at is not null)`;
const STUCK = `r.received_at <= (select clock_timestamp()) - interval '${STUCK_AFTER_SECONDS} seconds'`;

/** Only what is asked for stands in the text, statuses as literals, so that the plan can use what index there is. */
function searchStatement(search: ReceiptSearch): Statement {
  const { channel, status, outcome, providerReference, paymentReference, order, stuck } = search;
  const isOpen = stuck || search.minAttempts !== undefined || search.olderThanSeconds !== undefined;
  const conditions = [
    '($1::uuid is null or r.id < $1)',
    channel === undefined ? '$2::text is null' : 'c.name = $2::text',
    providerReference === undefined ? '$3::text is null' : OF_PROVIDER_REFERENCE,
    paymentReference === undefined ? '$4::text is null' : OF_PAYMENT_REFERENCE,
    order === undefined ? '$5::uuid is null' : 'r.order_id = $5::uuid',
    '($7::int is null or r.attempts >= $7)',
    `($8::int is null or r.received_at <= (select clock_timestamp()) - $8 * interval '1 second')`,
    ...(isOpen ? [`r.status <> 'settled' and r.id in (select id from open)`] : []),
    ...(stuck ? [STUCK] : []),
    ...(status === undefined ? [] : [STATUS_IS[status]]),
    ...(outcome === undefined ? [] : [OUTCOME_IS[outcome]]),
  ];
  const given = [channel, providerReference, paymentReference, order].map((one) => (one === undefined ? '0' : '1'));
  return statement(
    `orders.receipts.search.${given.join('')}.${status ?? 'any'}.${outcome ?? 'any'}.${String(isOpen)}.${String(stuck)}`,
    `${isOpen ? OPEN : ''} ${SELECT} where ${conditions.join(' and ')} order by r.id desc limit $6`,
  );
}

const READ = statement('orders.receipts.view', `${SELECT} where r.id = $1`);

/** Newest first. */
export function searchReceipts(db: Queryable<'orders'>, search: ReceiptSearch): Promise<ViewedReceipt[]> {
  const { channel, providerReference, paymentReference, order, after, limit } = search;
  return db.query<ViewedReceipt>(searchStatement(search), [
    after ?? null,
    channel ?? null,
    providerReference ?? null,
    paymentReference ?? null,
    order ?? null,
    limit,
    search.minAttempts ?? null,
    search.olderThanSeconds ?? null,
  ]);
}

export async function viewReceipt(db: Queryable<'orders'>, id: ReceiptId): Promise<ViewedReceipt | undefined> {
  return (await db.query<ViewedReceipt>(READ, [id]))[0];
}
