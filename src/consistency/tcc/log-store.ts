import type { Gid } from '../../core/ids';
import type { StuckRow } from '../../core/stuck';
import { columnsOf } from '../columns';
import { type Queryable, type Statement, type Tx, statement } from '../transaction';
import type { Branch, RefusalReason } from './participant';

export type TransactionStatus = 'trying' | 'confirming' | 'confirmed' | 'cancelling' | 'cancelled';

export interface PlannedBranch extends Omit<Branch, 'gid'> {
  readonly participant: string;
}

/** What is computed once, when the transaction is opened, and stored. The business adds its own part to it. */
export interface Plan {
  readonly branches: readonly PlannedBranch[];
}

/** An account that would not take part; the next attempt is planned around it. */
export interface Refusal {
  readonly participant: string;
  readonly account: string;
  readonly reason: RefusalReason;
}

export interface NewTransaction<P extends Plan> {
  readonly gid: Gid;
  readonly receiptId: string;
  readonly orderId: string | null;
  readonly paysOrder: boolean;
  readonly plan: P;
  readonly legsHash: string;
}

export interface RefusedTransaction {
  readonly gid: Gid;
  readonly refusals: readonly Refusal[];
}

export interface LoggedTransaction<P extends Plan = Plan> {
  readonly gid: Gid;
  readonly receipt_id: string;
  readonly order_id: string | null;
  readonly pays_order: boolean;
  readonly status: TransactionStatus;
  readonly plan: P;
  readonly legs_hash: string;
  readonly refusal: readonly Refusal[] | null;
  readonly attempts: number;
}

/** What a move returns. The plan never changes, so that whoever moves a transaction has it already. */
export type MovedTransaction = Omit<LoggedTransaction, 'plan' | 'refusal' | 'attempts'>;

/** One that has not ended, with what is told of it where it does not get on. */
export interface StandingTransaction extends StuckRow {
  readonly gid: Gid;
  readonly receipt_id: string;
  readonly order_id: string | null;
  readonly status: TransactionStatus;
}

/**
 * The coordinator's log lies beside the data whose change is the decision: `trying -> confirming -> confirmed` or
 * `trying -> cancelling -> cancelled`. Leaving a status is one compare-and-set that returns what it changed, so that the
 * flow and a recovery can never decide differently.
 */
export const logStore = {
  open: (tx: Tx<'orders'>, list: readonly NewTransaction<Plan>[], deadlineMs: number): void => {
    tx.send(OPEN, [...transactionColumns(list), deadlineMs]);
  },
  /** Leaves `trying` or a second phase for the next status; what is not returned was not in the first status. */
  leave: (tx: Tx<'orders'>, move: Move, gids: readonly Gid[]): Promise<MovedTransaction[]> =>
    tx.query<MovedTransaction>(MOVES[move], [gids]),
  /** Notes why a transaction is being abandoned. */
  noteRefusals: (tx: Tx<'orders'>, refused: readonly RefusedTransaction[]): void => {
    tx.send(NOTE_REFUSALS, refusalColumns(refused));
  },
  /** How those of them stand that have not ended. */
  standing: (db: Queryable<'orders'>, gids: readonly Gid[]): Promise<StandingTransaction[]> =>
    db.query<StandingTransaction>(STANDING, [gids]),
  read: <P extends Plan>(db: Queryable<'orders'>, gids: readonly Gid[]): Promise<LoggedTransaction<P>[]> =>
    db.query<LoggedTransaction<P>>(READ, [gids]),
};

/** The log as a table of work: what recovery claims, and what waits for a participant that is away. */
export const LOG_TABLE = {
  schema: 'orders',
  table: 'global_transactions',
  key: 'gid',
  due: ['trying', 'confirming', 'cancelling'],
  alsoAtClaim: 'waits_for = null',
} as const;

export const LOG_COLUMNS =
  't.gid, t.receipt_id, t.order_id, t.pays_order, t.status, t.plan, t.legs_hash, t.refusal, t.attempts';

/**
 * Whether `t` was moved by the transaction of this statement, as SQL: what hangs on a move goes out right behind it, for the whole
 * list, and somebody else may have moved some of it before. Only where BEGIN was waited for (`Tx.begun`).
 */
export const MOVED_HERE = 't.xmin = pg_current_xact_id()::xid';

const STANDING = statement(
  'orders.global_transactions.standing_of',
  `select gid, receipt_id, order_id, status, attempts, next_try_at, last_error,
          greatest(floor(extract(epoch from clock_timestamp() - created_at)), 0)::int as age_seconds
     from orders.global_transactions where gid = any($1::uuid[]) and status in ('trying', 'confirming', 'cancelling')`,
);

const OPEN = statement(
  'orders.global_transactions.open',
  `insert into orders.global_transactions
     (gid, receipt_id, order_id, pays_order, status, plan, legs_hash, deadline, next_try_at)
   select n.gid, n.receipt_id, n.order_id, n.pays_order, 'trying', n.plan, n.legs_hash, t.deadline, t.deadline
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::boolean[], $5::jsonb[], $6::text[])
          as n(gid, receipt_id, order_id, pays_order, plan, legs_hash),
          (select clock_timestamp() + $7::int * interval '1 millisecond' as deadline) t`,
);
const transactionColumns = columnsOf<NewTransaction<Plan>>(
  (one) => one.gid,
  (one) => one.receiptId,
  (one) => one.orderId,
  (one) => one.paysOrder,
  (one) => JSON.stringify(one.plan),
  (one) => one.legsHash,
);

const NOTE_REFUSALS = statement(
  'orders.global_transactions.note_refusals',
  `update orders.global_transactions t set refusal = n.refusal
     from unnest($1::uuid[], $2::jsonb[]) as n(gid, refusal) where t.gid = n.gid and t.status = 'cancelling'`,
);

const refusalColumns = columnsOf<RefusedTransaction>(
  (one) => one.gid,
  (one) => JSON.stringify(one.refusals),
);

const READ = statement(
  'orders.global_transactions.read',
  `select ${LOG_COLUMNS} from orders.global_transactions t where t.gid = any($1::uuid[])`,
);

export type Move = 'decide' | 'abandon' | 'confirmed' | 'cancelled';

/**
 * A decided transaction is the flow's own until its deadline, before a recovery looks at it: what does not change costs no
 * index. One that is abandoned has five seconds for its second phase; one that has ended is looked at by nobody.
 */
function move(name: Move, from: TransactionStatus, to: TransactionStatus, changes: string): Statement {
  return statement(
    `orders.global_transactions.${name}`,
    `with standing as (
       select gid from orders.global_transactions
        where gid = any($1::uuid[]) and status = '${from}' order by gid for update)
     update orders.global_transactions t
        set status = '${to}', attempts = 0, lease_token = null, last_error = null, ${changes}
       from standing where t.gid = standing.gid and t.status = '${from}'
     returning t.gid, t.receipt_id, t.order_id, t.pays_order, t.status, t.legs_hash`,
  );
}

const SECOND_PHASE_SOON = `next_try_at = clock_timestamp() + interval '5 seconds'`;
const ENDED = 'ended_at = clock_timestamp(), next_try_at = null, waits_for = null';

const MOVES: Readonly<Record<Move, Statement>> = {
  decide: move('decide', 'trying', 'confirming', 'decided_at = clock_timestamp()'),
  abandon: move('abandon', 'trying', 'cancelling', `decided_at = clock_timestamp(), ${SECOND_PHASE_SOON}`),
  confirmed: move('confirmed', 'confirming', 'confirmed', ENDED),
  cancelled: move('cancelled', 'cancelling', 'cancelled', `cancelled = true, ${ENDED}`),
};
