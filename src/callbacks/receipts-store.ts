import { type ChannelId, type Gid, type OrderId, type ReceiptId, idOf } from '../core/ids';
import { indexBy } from '../core/index-by';
import type { Traceparent } from '../core/traceparent';
import type { Refusal, TransactionStatus } from '../consistency/tcc/log-store';
import { columnsOf } from '../consistency/columns';
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

/** Why a receipt waits, and for how long. */
export interface WaitingReceipt {
  readonly id: ReceiptId;
  /** The order of an earlier attempt. */
  readonly orderId: OrderId | null;
  readonly seconds: number;
  readonly why: string;
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

/** One that this very transaction has inserted. */
export interface BornReceipt extends Receipt {
  readonly isBorn: true;
}

export interface DecidedReceipt {
  readonly gid: Gid;
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

/**
 * A receipt is born settling, with the order that its reference names: nearly all are settled by the commit that inserts them,
 * and need no second write then. The others are made to wait, or given their order, by that same commit.
 */
const INSERT = statement(
  'orders.receipts.insert',
  `insert into orders.receipts
     (id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference, traceparent,
      status, next_try_at, order_id)
   select n.*, 'settling', null, (select o.id from orders.orders o where o.payment_reference = n.payment_reference)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::numeric[], $7::text[], $8::text[], $9::text[])
          as n(id, provider, receiving_account, provider_reference, channel_id, amount, currency, payment_reference, traceparent)
    order by 2, 3, 4
   on conflict (provider, receiving_account, provider_reference) do nothing
   returning id, amount, order_id`,
);
const receiptColumns = columnsOf<NewReceipt>(
  (receipt) => receipt.id,
  (receipt) => receipt.provider,
  (receipt) => receipt.receivingAccount,
  (receipt) => receipt.providerReference,
  (receipt) => receipt.channelId,
  (receipt) => receipt.amount,
  (receipt) => receipt.currency,
  (receipt) => receipt.paymentReference,
  (receipt) => receipt.traceparent,
);

/** What this transaction has inserted is nobody else's yet: it needs no lock, and is known. */
const LOCK_BY_IDENTITY = statement(
  'orders.receipts.lock_by_identity',
  `select ${COLUMNS} from orders.receipts r
     join (select distinct * from unnest($1::text[], $2::text[], $3::text[])) as k(provider, receiving_account, provider_reference)
    using (provider, receiving_account, provider_reference)
    where r.xmin <> pg_current_xact_id()::xid
    order by r.id for no key update of r`,
);
const identityColumns = columnsOf<ReceiptIdentity>(
  (identity) => identity.provider,
  (identity) => identity.receivingAccount,
  (identity) => identity.providerReference,
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

const begunColumns = columnsOf<BegunReceipt>(
  (receipt) => receipt.id,
  (receipt) => receipt.orderId,
);

/** Only what waits already, or was born settling by this very transaction. */
const WAIT = statement(
  'orders.receipts.wait',
  `update orders.receipts r
      set status = 'waiting', order_id = n.order_id, next_try_at = clock_timestamp() + n.seconds * interval '1 second',
          lease_token = null, last_error = n.why
     from unnest($1::uuid[], $2::uuid[], $3::float8[], $4::text[]) as n(id, order_id, seconds, why)
    where r.id = n.id and (r.status = 'waiting' or r.xmin = pg_current_xact_id()::xid)`,
);
const waitColumns = columnsOf<WaitingReceipt>(
  (one) => one.id,
  (one) => one.orderId,
  (one) => one.seconds,
  (one) => one.why,
);

/**
 * The receipts of those of the transactions that have come to a status, locked in the order of their ids, as commit A does;
 * an UPDATE of many rows alone would not. What is written to them comes with the lock, because a join with the list
 * afterwards would compare every row with every other.
 */
function lockedOf(status: TransactionStatus, columns: string): string {
  return `locked as materialized (
    select r.id, ${columns} from orders.global_transactions t join orders.receipts r on r.id = t.receipt_id
     where t.gid = any($1::uuid[]) and t.status = '${status}' order by r.id for no key update of r)`;
}

const DECIDE = statement(
  'orders.receipts.decide',
  `with ${lockedOf('confirming', `t.gid, t.plan ->> 'outcome' as outcome`)}
   update orders.receipts r set status = 'decided', outcome = locked.outcome, in_suspense = (locked.outcome = 'suspense'), gid = locked.gid, decided_at = clock_timestamp()
     from locked where r.id = locked.id and r.status = 'settling'
   returning locked.gid, r.decided_at, r.traceparent`,
);

const SETTLE = statement(
  'orders.receipts.settle',
  `with ${lockedOf('confirmed', 't.gid')}
   update orders.receipts r set status = 'settled', settled_at = clock_timestamp()
     from locked where r.id = locked.id and r.status = 'decided'`,
);

/**
 * A second after the first attempt, eight from the fourth on: one that can never succeed must not fill the log, and after an
 * outage, which looks the same from here, nobody may wait for longer.
 *
 * Whoever comes late with the end of an attempt may find the receipt settling by the next one, and leaves it alone.
 */
const WAIT_AGAIN = statement(
  'orders.receipts.wait_again',
  `with ${lockedOf('cancelled', `coalesce(t.refusal, '[]') as refused`)}
   update orders.receipts r
      set status = 'waiting', refusals = r.refusals || locked.refused,
          next_try_at = clock_timestamp() + power(2, least(r.attempts, 3)) * interval '1 second'
     from locked where r.id = locked.id and r.status = 'settling'
      and not exists (select from orders.global_transactions later
                       where later.receipt_id = r.id and not later.cancelled)`,
);

export const receiptsStore = {
  /**
   * Inserts what is not there yet, as settling, and returns what was inserted. Two statements make insert-or-meet:
   * `lockByIdentity` follows, and gives the others.
   */
  insert: async (tx: Tx<'orders'>, receipts: readonly NewReceipt[]): Promise<BornReceipt[]> => {
    const given = indexBy(receipts, idOf);
    const rows = await tx.query<Pick<Receipt, 'id' | 'amount' | 'order_id'>>(INSERT, receiptColumns(receipts));
    const born: BornReceipt[] = [];
    for (const row of rows) born.push(bornReceipt(row, given.get(row.id)));
    return born;
  },
  /** Those that were there before this transaction. */
  lockByIdentity: (tx: Tx<'orders'>, identities: readonly ReceiptIdentity[]): Promise<Receipt[]> =>
    tx.query<Receipt>(LOCK_BY_IDENTITY, identityColumns(identities)),
  lock: (tx: Tx<'orders'>, ids: readonly ReceiptId[]): Promise<Receipt[]> => tx.query<Receipt>(LOCK, [ids]),
  beginSettling: (tx: Tx<'orders'>, receipts: readonly BegunReceipt[]): void => {
    tx.send(BEGIN_SETTLING, begunColumns(receipts));
  },
  /** Puts receipts, which are locked, off for so many seconds. */
  wait: (tx: Tx<'orders'>, waits: readonly WaitingReceipt[]): void => {
    tx.send(WAIT, waitColumns(waits));
  },
  /** Those whose transactions are being decided here; they were settling. */
  decide: (tx: Tx<'orders'>, transactions: readonly Gid[]): Promise<DecidedReceipt[]> =>
    tx.query(DECIDE, [transactions]),
  /** Those whose transactions are confirmed. */
  settle: (tx: Tx<'orders'>, transactions: readonly Gid[]): void => {
    tx.send(SETTLE, [transactions]);
  },
  /** After a cancelled attempt the receipt waits for the next one, with what the attempt has learnt. */
  waitAgain: (tx: Tx<'orders'>, transactions: readonly Gid[]): void => {
    tx.send(WAIT_AGAIN, [transactions]);
  },
};

function bornReceipt(row: Pick<Receipt, 'id' | 'amount' | 'order_id'>, given: NewReceipt | undefined): BornReceipt {
  if (given === undefined) throw new Error(`receipt ${row.id} was inserted and not asked for`);
  return {
    id: row.id,
    amount: row.amount,
    order_id: row.order_id,
    isBorn: true,
    provider: given.provider,
    receiving_account: given.receivingAccount,
    provider_reference: given.providerReference,
    channel_id: given.channelId,
    currency: given.currency,
    payment_reference: given.paymentReference,
    status: 'settling',
    refusals: [],
    attempts: 0,
    age_seconds: 0,
    traceparent: given.traceparent,
  };
}
