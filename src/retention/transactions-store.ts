import { filtered } from '../consistency/by-key';
import { LOWEST_ID, clean, cleaningStatement, daysAgo, leastIdSince } from '../consistency/retention-store';
import type { PlannedBranch } from '../consistency/tcc/log-store';
import { type Database, type Queryable, inTransaction, statement } from '../consistency/transaction';
import type { Gid } from '../core/ids';

/** A transaction that may be old enough, with what the other databases are asked about it. */
export interface OldTransaction {
  readonly gid: Gid;
  readonly receipt_id: string;
  readonly status: string;
  readonly branches: readonly PlannedBranch[];
  readonly legs_hash: string;
  /** Whether it has ended that long ago, and with it all that the orders database knows of its receipt. */
  readonly ended: boolean;
}

/**
 * What has not ended: the receipt, the claim on the order, the message for the voucher, a notification that is still to be
 * sent, and what a person has still to look at.
 */
export const OLD_TRANSACTIONS = statement(
  'orders.global_transactions.old',
  `with page as materialized (
     select gid from orders.global_transactions where gid > $2 and gid < ${leastIdSince('$1::int')} order by gid limit $3)
   select t.gid, t.receipt_id, t.status, t.plan -> 'branches' as branches, t.legs_hash,
          (t.status in ('confirmed', 'cancelled') and t.ended_at < ${daysAgo('$1::int')}
           and r.status = 'settled' and r.settled_at < ${daysAgo('$1::int')}
           and (t.status = 'cancelled' or r.gid is null or r.gid = t.gid)
           and not exists (select from orders.orders o where o.id = t.order_id and o.claimed_by = t.receipt_id)
           and not exists (select from orders.outbox m
                            where m.topic = 'voucher' and m.event_key = t.receipt_id::text
                              and (m.status <> 'done' or m.done_at >= ${daysAgo('$1::int')}))
           and not exists (select from orders.notifications n where n.order_id = t.order_id and n.status = 'scheduled')
           and not exists (select from orders.incidents i where i.receipt_id = t.receipt_id and i.status = 'open')
           and not exists (select from orders.incidents i where i.gid = t.gid and i.status = 'open')) as ended
     from page join orders.global_transactions t using (gid) join orders.receipts r on r.id = t.receipt_id
    order by t.gid`,
);

const CLEAN = cleaningStatement(
  'orders',
  'transactions',
  `locked as materialized (
     select gid, receipt_id, status from orders.global_transactions
      where gid = any($1::uuid[]) and ${filtered(`status in ('confirmed', 'cancelled')`)} order by gid for update skip locked),
   named as (
     update orders.receipts r set gid = locked.gid
       from locked where r.id = locked.receipt_id and locked.status = 'confirmed' and r.gid is null),
   gone as (
     delete from orders.global_transactions t using locked where t.gid = locked.gid returning t.gid as key),
   messages as (
     delete from orders.outbox m using locked
      where locked.status = 'confirmed' and m.topic = 'voucher' and m.event_key = locked.receipt_id::text
        and ${filtered(`m.status = 'done'`)})`,
);

const KNOWN = statement(
  'orders.global_transactions.known',
  'select gid from orders.global_transactions where gid = any($1::uuid[])',
);

const OLDEST = statement(
  'orders.global_transactions.oldest',
  'select gid from orders.global_transactions order by gid limit 1',
);

export const oldTransactionsStore = {
  page: (db: Queryable<'orders'>, days: number, after: string | undefined, limit: number): Promise<OldTransaction[]> =>
    db.query<OldTransaction>(OLD_TRANSACTIONS, [days, after ?? LOWEST_ID, limit]),
  /** With the messages that asked for their vouchers; receipts keep the gid by which they were decided. */
  clean: (db: Database<'orders'>, gids: readonly string[]): Promise<number> =>
    inTransaction(db, 'retention.transactions', (tx) => clean(tx, CLEAN, [gids])),
  known: async (db: Queryable<'orders'>, gids: readonly Gid[]): Promise<ReadonlySet<Gid>> =>
    new Set((await db.query<{ gid: Gid }>(KNOWN, [gids])).map((row) => row.gid)),
  oldest: async (db: Queryable<'orders'>): Promise<Gid | undefined> => (await db.query<{ gid: Gid }>(OLDEST))[0]?.gid,
};
