import type { ChannelId, OrderId, ReceiptId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Refusal } from '../consistency/tcc/log-store';
import { type Tx, statement } from '../consistency/transaction';

/** The identity of money: whatever message speaks of it, and however often. */
export interface ReceiptIdentity {
  readonly provider: string;
  readonly receivingAccount: string;
  readonly providerReference: string;
}

export interface NewReceipt extends ReceiptIdentity {
  readonly id: ReceiptId;
  readonly channelId: ChannelId;
  readonly amount: string;
  readonly currency: string;
  readonly paymentReference: string | null;
  readonly traceparent: Traceparent;
}

export type ReceiptStatus = 'waiting' | 'settling' | 'decided' | 'settled';

export interface Receipt {
  readonly id: ReceiptId;
  readonly provider: string;
  readonly receiving_account: string;
  readonly provider_reference: string;
  readonly channel_id: ChannelId;
  readonly amount: string;
  readonly currency: string;
  readonly payment_reference: string | null;
  readonly order_id: OrderId | null;
  readonly status: ReceiptStatus;
  readonly refusals: readonly Refusal[];
  readonly attempts: number;
  readonly age_seconds: number;
  /** Of the callback that brought it first; none where it came before there were any. */
  readonly traceparent: Traceparent | null;
}

export interface DecidedReceipt {
  readonly id: ReceiptId;
  readonly decided_at: Date;
  readonly traceparent: Traceparent | null;
}

export interface BegunReceipt {
  readonly id: ReceiptId;
  readonly orderId: OrderId | null;
}

const COLUMNS = `r.id, r.provider, r.receiving_account, r.provider_reference, r.channel_id, r.amount, r.currency,
  r.payment_reference, r.order_id, r.status, r.refusals, r.attempts, r.traceparent,
  extract(epoch from clock_timestamp() - r.received_at)::float8 as age_seconds`;

/** The trace of the receipt that the global transaction `t` is for: the log has none of its own. */
export const TRACE_OF_RECEIPT =
  '(select r.traceparent from orders.receipts r where r.id = t.receipt_id) as traceparent';

/** Commit A has five seconds for itself before a recovery takes a new receipt for one that was forgotten. */
const INSERT = statement(
  'orders.receipts.insert',
  `insert into orders.receipts
     (id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference, traceparent,
      status, next_try_at)
   select n.*, 'waiting', clock_timestamp() + interval '5 seconds'
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::numeric[], $7::text[], $8::text[], $9::text[])
          as n(id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference, traceparent)
    order by 2, 3, 4
   on conflict (provider, receiving_account, provider_reference) do nothing`,
);

const LOCK_BY_IDENTITY = statement(
  'orders.receipts.lock_by_identity',
  `select ${COLUMNS} from orders.receipts r
     join (select distinct * from unnest($1::text[], $2::text[], $3::text[])) as k(provider, receiving_account, provider_reference)
    using (provider, receiving_account, provider_reference)
    order by r.id for no key update of r`,
);

const LOCK = statement(
  'orders.receipts.lock',
  `select ${COLUMNS} from orders.receipts r where r.id = any($1::uuid[]) order by r.id for no key update`,
);

const BEGIN_SETTLING = statement(
  'orders.receipts.begin_settling',
  `update orders.receipts r set status = 'settling', order_id = n.order_id, next_try_at = null, lease_token = null, last_error = null
     from unnest($1::uuid[], $2::uuid[]) as n(id, order_id) where r.id = n.id`,
);

const WAIT = statement(
  'orders.receipts.wait',
  `update orders.receipts r
      set next_try_at = clock_timestamp() + n.seconds * interval '1 second', lease_token = null, last_error = n.why
     from unnest($1::uuid[], $2::float8[], $3::text[]) as n(id, seconds, why) where r.id = n.id and r.status = 'waiting'`,
);

/**
 * Every statement locks receipts in the order of their ids, as commit A does; an UPDATE of many rows alone would not. What
 * it writes comes with the lock, because a join with the list afterwards would compare every row with every other.
 */
function lockedWith(list: string): string {
  return `locked as materialized (
    select n.* from ${list} join orders.receipts r on r.id = n.id order by r.id for no key update of r)`;
}

const DECIDE = statement(
  'orders.receipts.decide',
  `with ${lockedWith('unnest($1::uuid[], $2::text[]) as n(id, outcome)')}
   update orders.receipts r set status = 'decided', outcome = locked.outcome, decided_at = clock_timestamp()
     from locked where r.id = locked.id and r.status = 'settling'
   returning r.id, r.decided_at, r.traceparent`,
);

const SETTLE = statement(
  'orders.receipts.settle',
  `with ${lockedWith('unnest($1::uuid[]) as n(id)')}
   update orders.receipts r set status = 'settled', settled_at = clock_timestamp()
     from locked where r.id = locked.id and r.status = 'decided'`,
);

const WAIT_AGAIN = statement(
  'orders.receipts.wait_again',
  `with ${lockedWith('unnest($1::uuid[], $2::jsonb[]) as n(id, refused)')}
   update orders.receipts r
      set status = 'waiting', next_try_at = clock_timestamp() + interval '1 second', refusals = r.refusals || locked.refused
     from locked where r.id = locked.id and r.status = 'settling'`,
);

export const receiptsStore = {
  /** Inserts what is not there yet. Two statements make insert-or-meet: `lockByIdentity` follows. */
  insert: (tx: Tx<'orders'>, receipts: readonly NewReceipt[]): void => {
    tx.send(INSERT, [
      receipts.map((receipt) => receipt.id),
      receipts.map((receipt) => receipt.provider),
      receipts.map((receipt) => receipt.receivingAccount),
      receipts.map((receipt) => receipt.providerReference),
      receipts.map((receipt) => receipt.channelId),
      receipts.map((receipt) => receipt.amount),
      receipts.map((receipt) => receipt.currency),
      receipts.map((receipt) => receipt.paymentReference),
      receipts.map((receipt) => receipt.traceparent),
    ]);
  },
  lockByIdentity: (tx: Tx<'orders'>, identities: readonly ReceiptIdentity[]): Promise<Receipt[]> =>
    tx.query<Receipt>(LOCK_BY_IDENTITY, [
      identities.map((identity) => identity.provider),
      identities.map((identity) => identity.receivingAccount),
      identities.map((identity) => identity.providerReference),
    ]),
  lock: (tx: Tx<'orders'>, ids: readonly ReceiptId[]): Promise<Receipt[]> => tx.query<Receipt>(LOCK, [ids]),
  beginSettling: (tx: Tx<'orders'>, receipts: readonly BegunReceipt[]): void => {
    tx.send(BEGIN_SETTLING, [receipts.map((one) => one.id), receipts.map((one) => one.orderId)]);
  },
  /** Puts receipts off for so many seconds. */
  wait: (
    tx: Tx<'orders'>,
    waits: readonly { readonly id: ReceiptId; readonly seconds: number; readonly why: string }[],
  ): void => {
    tx.send(WAIT, [waits.map((one) => one.id), waits.map((one) => one.seconds), waits.map((one) => one.why)]);
  },
  decide: (
    tx: Tx<'orders'>,
    outcomes: readonly { readonly id: string; readonly outcome: string }[],
  ): Promise<DecidedReceipt[]> => tx.query(DECIDE, [outcomes.map((one) => one.id), outcomes.map((one) => one.outcome)]),
  settle: (tx: Tx<'orders'>, ids: readonly string[]): void => {
    tx.send(SETTLE, [ids]);
  },
  /** After a cancelled attempt the receipt waits for the next one, with what the attempt has learnt. */
  waitAgain: (
    tx: Tx<'orders'>,
    receipts: readonly { readonly id: string; readonly refusals: readonly Refusal[] }[],
  ): void => {
    tx.send(WAIT_AGAIN, [receipts.map((one) => one.id), receipts.map((one) => JSON.stringify(one.refusals))]);
  },
};
