import fc from 'fast-check';
import { type Claim, createClaims } from '../../src/consistency/claims';
import { type Database, inTransaction, statement } from '../../src/consistency/transaction';
import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { type TestDatabases, testDatabases } from '../support/databases';
import { type Stepper, createStepper } from '../support/stepped-databases';
import { type ClaimsState, claim, finish, lapse, putBack } from './claims-model';
import { type Operation, explain } from './linearizable';
import { PATIENCE_MS, runs } from './runs';

/** Several recoveries on the same rows: every row is worked on by one at a time, and only the last one writes a result. */
const ids = createIds(systemClock);
let test: TestDatabases;
let stepper: Stepper;
beforeAll(async () => {
  const patient = { statementTimeoutMs: 120_000, lockTimeoutMs: 60_000, idleInTransactionTimeoutMs: 120_000 };
  test = await testDatabases({ size: 20, ...patient });
  stepper = createStepper(test.databases.accounting);
});
afterAll(() => test.close());

type Command =
  | { readonly kind: 'claim'; readonly limit: number }
  | { readonly kind: 'lapse' }
  /** `claimed` counts this process's claims from the last one back: a stopped process comes with an old token. */
  | { readonly kind: 'finish' | 'putBack'; readonly claimed: number };

const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('claim' as const), limit: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 2, arbitrary: fc.constant<Command>({ kind: 'lapse' }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('finish' as const, 'putBack' as const), claimed: fc.nat(2) }),
  },
);
const program = fc.array(commandArbitrary, { minLength: 1, maxLength: 4, size: 'max' });

const ROWS = 4;
const MAKE = statement(
  'test.make_due',
  `insert into orders.outbox (id, topic, event_key, version, payload, next_try_at, enqueued_until)
   select id, 'test', id::text, 1, '{}', clock_timestamp(), clock_timestamp() from unnest($1::uuid[]) as n(id)`,
);
/** By the hour, so that what a test's own steps take is no lease. */
const LAPSE = statement(
  'test.lapse',
  `with standing as (select id from orders.outbox where id = any($1::uuid[]) and status = 'due' order by id for update)
   update orders.outbox t set next_try_at = clock_timestamp() - interval '1 hour' from standing where t.id = standing.id`,
);
const FORGET = statement('test.forget_outbox', 'delete from orders.outbox');
const DONE = statement(
  'test.done',
  `update orders.outbox set status = 'done', next_try_at = 'infinity' where id = any($1::uuid[])`,
);
const STANDING = statement(
  'test.outbox',
  'select id, status, lease_token as token from orders.outbox where id = any($1::uuid[]) order by id',
);

interface History {
  readonly rows: readonly string[];
  readonly operations: Operation<ClaimsState>[];
  moment: number;
}

function createProcess(db: Database<'orders'>, name: string, history: History): (command: Command) => Promise<void> {
  const table = { schema: 'orders', table: 'outbox', key: 'id', due: ['due'], columns: 't.id' } as const;
  const backoff = { firstMs: 3_600_000, capMs: 3_600_000 };
  const claims = createClaims<'orders', { readonly id: string }>(db, table, { ids, jitter: () => 1, backoff });
  const claimed: Claim<{ readonly id: string }>[] = [];

  const record = async (what: string, act: () => Promise<Done>): Promise<void> => {
    const called = (history.moment += 1);
    const [answer, apply] = await act();
    const answered = (history.moment += 1);
    history.operations.push({ name: `${name} ${what}`, called, answered, answer: answer.toSorted().join(), apply });
  };

  const endOf = async (kind: 'finish' | 'putBack', { token, rows }: (typeof claimed)[number]): Promise<Done> => {
    const keys = rows.map(({ id }) => id);
    if (kind === 'putBack') {
      const failures = keys.map((key) => ({ key, attempts: 1, error: 'test' }));
      return [await claims.retryLater(token, failures), (state) => putBack(state, token, keys)];
    }
    const mine = await inTransaction(db, 'test.finish', async (tx) => {
      const still = await claims.stillMine(tx, token, keys);
      await tx.query(DONE, [still]);
      return still;
    });
    return [mine, (state) => finish(state, token, keys)];
  };

  return async (command) => {
    switch (command.kind) {
      case 'claim':
        return record(`claims ${command.limit}`, async () => {
          const made = await claims.claim({ limit: command.limit, leaseMs: 3_600_000 });
          claimed.push(made);
          const taken = made.rows.map(({ id }) => id).toSorted();
          return [taken, (state) => claim(state, made.token, taken, command.limit)];
        });
      case 'lapse':
        return record('lets leases run out', async () => {
          await db.query(LAPSE, [history.rows]);
          return [[], lapse];
        });
      default: {
        const made = claimed.at(-1 - command.claimed);
        if (made !== undefined) await record(command.kind, () => endOf(command.kind, made));
      }
    }
  };
}

/** What was answered, and how the model does the same. */
type Done = readonly [answer: readonly string[], apply: (state: ClaimsState) => string];

async function mustBeExplained({ rows, operations }: History): Promise<void> {
  const found = await test.databases.orders.query<{ id: string; status: string; token: string | null }>(STANDING, [
    rows,
  ]);
  const beginning: ClaimsState = { rows: rows.map((id) => ({ id, status: 'due', isDue: true, token: null })) };
  const isEnd = (state: ClaimsState): boolean =>
    state.rows.every(({ id, status, token }) =>
      found.some((row) => row.id === id && row.status === status && row.token === token),
    );
  if (explain(operations, beginning, isEnd) !== undefined) return;
  const told = operations.map(({ called, answered, name, answer }) => `${called}-${answered} ${name}: ${answer}`);
  throw new Error(`no order explains this history and ${JSON.stringify(found)}\n${told.join('\n')}`);
}

async function newHistory(): Promise<History> {
  await test.databases.orders.query(FORGET);
  const rows = Array.from({ length: ROWS }, () => ids.next() as string);
  await test.databases.orders.query(MAKE, [rows]);
  return { rows, operations: [], moment: 0 };
}

type Run = (running: (() => Promise<void>)[]) => Promise<PromiseSettledResult<void>[]>;

async function race(
  programs: readonly (readonly Command[])[],
  reach: (process: string) => Database<'orders'>,
  run: Run,
): Promise<void> {
  const history = await newHistory();
  const running = programs.map((commands, index) => async () => {
    const process = createProcess(reach(String(index)), String(index), history);
    for (const command of commands) await process(command);
  });
  for (const result of await run(running)) if (result.status === 'rejected') throw result.reason;
  await mustBeExplained(history);
}

const programs = fc.array(program, { minLength: 1, maxLength: 3, size: 'max' });

const inSteps = fc.asyncProperty(programs, fc.array(fc.nat(2), { maxLength: 40, size: 'max' }), (list, choices) =>
  race(
    list,
    (process) => stepper.database(test.databases.orders, process),
    (running) => stepper.run(running, choices),
  ),
);
it('statement by statement, in any interleaving', () => fc.assert(inSteps, runs(60)), PATIENCE_MS);

const atFullSpeed = fc.asyncProperty(programs, (list) =>
  race(
    list,
    () => test.databases.orders,
    (running) => Promise.allSettled(running.map((one) => one())),
  ),
);
it('as fast as they can', () => fc.assert(atFullSpeed, runs(100)), PATIENCE_MS);
