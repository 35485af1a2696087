import { createParticipant } from '../../src/balances/participant';
import { createClaims } from '../../src/consistency/claims';
import { type Coordinator, type OpenTransaction, createCoordinator } from '../../src/consistency/tcc/coordinator';
import { LOG_COLUMNS, type Plan, logStore } from '../../src/consistency/tcc/log-store';
import type { Participant } from '../../src/consistency/tcc/participant';
import { type DueTransaction, recoverTransactions } from '../../src/consistency/tcc/recovery';
import { type Database, type Databases, inTransaction, statement } from '../../src/consistency/transaction';
import { systemClock } from '../../src/core/clock';
import { Unavailable } from '../../src/core/errors';
import { createIds } from '../../src/core/ids';
import { systemRandom } from '../../src/core/random';
import { createIdTracer } from '../../src/telemetry/id-tracer';
import { type Fault, PARTICIPANTS, type ParticipantName, type Plans, type Status } from './coordinator-model';
import { type Names, begin, newNames, realLegs } from './participant-world';

const ids = createIds(systemClock);
const tracer = createIdTracer(systemRandom);

/** What could not be reached at the next call of a participant, or of the log. */
export type NextFault = (where: ParticipantName | 'log') => Fault;

/** One process of the service: a coordinator with the participants that it reaches, and the recovery. */
export interface Process {
  readonly coordinator: Coordinator<Plan>;
  recover(): Promise<void>;
}

/** What the business was told, in the very transaction of each move. */
export interface Told {
  readonly decided: string[];
  readonly confirmed: string[];
  readonly cancelled: string[];
  readonly bugs: string[];
}

export interface CoordinatorWorld {
  readonly names: Names;
  readonly transactions: readonly OpenTransaction<Plan>[];
  readonly told: Told;
  process(databases: Databases, next: NextFault): Process;
  statuses(): Promise<Status[]>;
}

/** Opens a transaction for each plan, over funded accounts; nothing of an earlier run is left in the log. */
export async function openCoordinatorWorld(databases: Databases, plans: Plans): Promise<CoordinatorWorld> {
  const names = newNames();
  for (const participant of PARTICIPANTS) await begin(databases[participant], names);
  const transactions = plans.map((branches, index): OpenTransaction<Plan> => {
    const plan: Plan = {
      branches: branches.map(({ participant, key, legs }) => ({
        participant,
        branch: names.key(key).branch,
        legs: realLegs(legs, names),
      })),
    };
    return { gid: names.key(`${index}/fund`).gid, plan, traceparent: null };
  });
  await openInLog(databases.orders, transactions);
  const told: Told = { decided: [], confirmed: [], cancelled: [], bugs: [] };
  return {
    names,
    transactions,
    told,
    process: (reached, next) => createProcess(reached, next, told),
    statuses: async () => {
      const rows = await logStore.read(
        databases.orders,
        transactions.map(({ gid }) => gid),
      );
      const status = new Map(rows.map((row) => [row.gid, row.status]));
      return transactions.map(({ gid }) => status.get(gid)!);
    },
  };
}

const CHANNEL = statement(
  'test.channel',
  `insert into orders.channels (id, name, provider, receiving_account, live, serves_all)
   values ('00000000-0000-7000-8000-000000000001', 'model', 'model', 'model', true, true) on conflict do nothing`,
);
const FORGET = statement('test.forget', 'delete from orders.global_transactions');
const RECEIPT = statement(
  'test.receipt',
  `insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status)
   values ($1::uuid, 'model', 'model', $1::uuid::text, '00000000-0000-7000-8000-000000000001', 1, 'USD', 'settling')`,
);
const ALL_ARE_DUE = statement(
  'test.all_are_due',
  `with standing as (
     select gid from orders.global_transactions where status not in ('confirmed', 'cancelled') order by gid for update)
   update orders.global_transactions t set next_try_at = clock_timestamp() from standing where t.gid = standing.gid`,
);

async function openInLog(db: Database<'orders'>, transactions: readonly OpenTransaction<Plan>[]): Promise<void> {
  await inTransaction(db, 'test.open', async (tx) => {
    await tx.query(CHANNEL);
    await tx.query(FORGET);
    const opened = transactions.map(({ gid, plan }) => ({
      ...{ gid, plan, receiptId: ids.next<'receipt'>(), orderId: null },
      ...{ paysOrder: false, legsHash: '' },
    }));
    for (const { receiptId } of opened) await tx.query(RECEIPT, [receiptId]);
    logStore.open(tx, opened, 0);
  });
}

function createProcess(databases: Databases, next: NextFault, told: Told): Process {
  const note = (list: string[]) => () => ({
    inTransaction: (moved: readonly { readonly gid: string }[]): Promise<void> => {
      list.push(...moved.map(({ gid }) => gid));
      return Promise.resolve();
    },
  });
  const coordinator = createCoordinator<Plan>({
    db: reachedBy(databases.orders, next),
    participants: PARTICIPANTS.map((name) => reached(createParticipant({ db: databases[name], ids }), name, next)),
    hooks: {
      onDecided: note(told.decided),
      onConfirmed: note(told.confirmed),
      onCancelled: note(told.cancelled),
      onBug: ({ gid }, kind) => {
        told.bugs.push(`${kind} ${gid}`);
        return Promise.resolve();
      },
    },
    tracer,
    lists: { cap: 200, room: 2_000 },
  });
  const claims = createClaims<'orders', DueTransaction<Plan>>(
    databases.orders,
    {
      schema: 'orders',
      table: 'global_transactions',
      key: 'gid',
      due: ['trying', 'confirming', 'cancelling'],
      columns: `${LOG_COLUMNS}, null as traceparent`,
    },
    { ids, jitter: () => 0 },
  );
  return {
    coordinator,
    recover: async () => {
      await databases.orders.query(ALL_ARE_DUE);
      await recoverTransactions({ claims, coordinator, onStuck: () => Promise.resolve(), stuckAfterAttempts: 1_000 });
    },
  };
}

/** The log behind a connection that fails before the commit, or after it. Reading it works again. */
function reachedBy(db: Database<'orders'>, next: NextFault): Database<'orders'> {
  return {
    ...db,
    transact: (name, work, isolation) => failing(next('log'), () => db.transact(name, work, isolation)),
  };
}

function reached(participant: Participant, name: ParticipantName, next: NextFault): Participant {
  return {
    ...participant,
    try: (branches) => failing(next(name), () => participant.try(branches)),
    confirm: (keys) => failing(next(name), () => participant.confirm(keys)),
    cancel: (keys) => failing(next(name), () => participant.cancel(keys)),
  };
}

async function failing<R>(fault: Fault, work: () => Promise<R>): Promise<R> {
  if (fault === 'down') throw new Unavailable('the test', 'is down');
  const result = await work();
  if (fault === 'lost') throw new Unavailable('the test', 'has lost the answer');
  return result;
}
