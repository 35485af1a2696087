import { columnsOf } from '../consistency/columns';
import { type Statement, type Tx, statement } from '../consistency/transaction';
import type { BalancesSchema } from './holds-store';

/** An account as Try needs it: what may be taken from it, and whether it takes part at all. */
export interface HeldAccount {
  readonly id: string;
  readonly code: string;
  readonly status: 'open' | 'frozen' | 'closed';
  readonly available: string;
}

export interface NewAccount {
  readonly id: string;
  readonly code: string;
  readonly kind: string;
  readonly owner: string;
  readonly unit: string;
}

/** One leg to be applied: the amount is signed, negative for an outbound one. */
export interface Movement {
  readonly entryId: string;
  readonly accountId: string;
  readonly gid: string;
  readonly branch: string;
  readonly amount: string;
  /** What leaves `reserved` with it: the amount of an outbound leg, else zero. */
  readonly released: string;
}

export interface Reservation {
  readonly accountId: string;
  /** Positive to reserve, negative to release. */
  readonly amount: string;
}

export interface MovementsStore {
  find(tx: Tx<BalancesSchema>, codes: readonly string[]): Promise<readonly { id: string; code: string }[]>;
  open(tx: Tx<BalancesSchema>, accounts: readonly NewAccount[]): void;
  /** Keeps accounts from being closed until the transaction ends: KEY SHARE, which neither freezing nor crediting meets. */
  share(tx: Tx<BalancesSchema>, ids: readonly string[]): Promise<readonly HeldAccount[]>;
  /** Locks accounts whose amounts will change, in the order of their ids. */
  lock(tx: Tx<BalancesSchema>, ids: readonly string[]): Promise<readonly HeldAccount[]>;
  /** The same for a transaction that needs no look at them. */
  lockUnseen(tx: Tx<BalancesSchema>, ids: readonly string[]): void;
  reserve(tx: Tx<BalancesSchema>, reservations: readonly Reservation[]): void;
  /** Moves balances and writes the entries with their running balance; one row update per account for the whole list. */
  apply(tx: Tx<BalancesSchema>, movements: readonly Movement[]): void;
}

const accountColumns = columnsOf<NewAccount>(
  (account) => account.id,
  (account) => account.code,
  (account) => account.kind,
  (account) => account.owner,
  (account) => account.unit,
);
const reservationColumns = columnsOf<Reservation>(
  (reservation) => reservation.accountId,
  (reservation) => reservation.amount,
);
const movementColumns = columnsOf<Movement>(
  (movement) => movement.entryId,
  (movement) => movement.accountId,
  (movement) => movement.gid,
  (movement) => movement.branch,
  (movement) => movement.amount,
  (movement) => movement.released,
);

export function createMovementsStore(schema: BalancesSchema): MovementsStore {
  const sql = movementStatements(schema);
  return {
    find: (tx, codes) => tx.query(sql.find, [codes]),
    open: (tx, accounts) => {
      tx.send(sql.open, accountColumns(accounts));
    },
    share: (tx, ids) => tx.query(sql.share, [ids]),
    lock: (tx, ids) => tx.query(sql.lock, [ids]),
    lockUnseen: (tx, ids) => {
      tx.send(sql.lock, [ids]);
    },
    reserve: (tx, reservations) => {
      tx.send(sql.reserve, reservationColumns(reservations));
    },
    apply: (tx, movements) => {
      tx.send(sql.apply, movementColumns(movements));
    },
  };
}

function movementStatements(schema: BalancesSchema): Record<Exclude<keyof MovementsStore, 'lockUnseen'>, Statement> {
  const accounts = `${schema}.accounts`;
  const named = (verb: string, text: string): Statement => statement(`${accounts}.${verb}`, text);
  const held = `select id, code, status, balance - reserved as available from ${accounts} where id = any($1::uuid[])`;
  return {
    find: named('find', `select id, code from ${accounts} where code = any($1::text[])`),
    open: named(
      'open',
      `insert into ${accounts} (id, code, kind, owner, unit)
       select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) as n(id, code, kind, owner, unit)
        order by code
       on conflict (code) do nothing`,
    ),
    share: named('share', `${held} order by id for key share`),
    lock: named('lock', `${held} order by id for no key update`),
    reserve: named(
      'reserve',
      `update ${accounts} a set reserved = a.reserved + r.amount
         from (select account_id, sum(amount) as amount
                 from unnest($1::uuid[], $2::numeric[]) as n(account_id, amount) group by account_id) r
        where a.id = r.account_id`,
    ),
    // The account's line before the list stands in front of its legs, so that one running sum gives number and balance of each
    // entry; a join of the legs with their accounts would compare every leg with every account.
    apply: named(
      'apply',
      `with legs as (
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::numeric[])
                  with ordinality as l(entry_id, account_id, gid, branch, amount, released, place)),
       moved as (
         update ${accounts} a
            set balance = a.balance + t.amount, reserved = a.reserved - t.released, entry_count = a.entry_count + t.entries
           from (select account_id, sum(amount) as amount, sum(released) as released, count(*) as entries
                   from legs group by account_id) t
          where a.id = t.account_id
         returning a.id, a.balance - t.amount as balance_before, a.entry_count - t.entries as entries_before),
       lines as (
         select null::uuid as entry_id, id as account_id, null::uuid as gid, null::text as branch, null::numeric as amount,
                0::bigint as place, balance_before as moves, entries_before as counts from moved
         union all
         select entry_id, account_id, gid, branch, amount, place, amount, 1 from legs)
       insert into ${schema}.entries (id, account_id, number, gid, branch, amount, balance_after)
       select entry_id, account_id, number, gid, branch, amount, balance_after
         from (select *, sum(counts) over own as number, sum(moves) over own as balance_after
                 from lines window own as (partition by account_id order by place)) numbered
        where place > 0`,
    ),
  };
}
