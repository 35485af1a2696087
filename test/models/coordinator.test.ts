import fc from 'fast-check';
import { Unavailable } from '../../src/core/errors';
import { type TestDatabases, testDatabases } from '../support/databases';
import { type Stepper, createStepper } from '../support/stepped-databases';
import {
  type Fault,
  PARTICIPANTS,
  type Plans,
  type ParticipantName,
  type Verb,
  coordinate,
  newCoordinatorState,
  recover,
} from './coordinator-model';
import { type CoordinatorWorld, type Process, openCoordinatorWorld } from './coordinator-world';
import { ACCOUNTS, legsArbitrary } from './participant-commands';
import { type Seen, seenIn, seenInModel } from './participant-world';
import { PATIENCE_MS, runs } from './runs';

/**
 * The coordinator with two real participants: steps of the flow and recoveries of several processes on the same
 * transactions, while participants and log are down or lose their answers.
 */
let test: TestDatabases;
let stepper: Stepper;
beforeAll(async () => {
  const patient = { statementTimeoutMs: 120_000, lockTimeoutMs: 60_000, idleInTransactionTimeoutMs: 120_000 };
  test = await testDatabases({ size: 20, ...patient });
  stepper = createStepper(test.databases.accounting);
});
afterAll(() => test.close());

const TRANSACTIONS = 3;
const plansArbitrary: fc.Arbitrary<Plans> = fc.tuple(
  ...Array.from({ length: TRANSACTIONS }, (_, transaction) =>
    fc
      .tuple(legsArbitrary, fc.option(legsArbitrary))
      .map(([fund, points]) => [
        { participant: 'accounts' as const, key: `${transaction}/fund`, legs: fund },
        ...(points === null ? [] : [{ participant: 'points' as const, key: `${transaction}/points`, legs: points }]),
      ]),
  ),
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('up' as const) },
  { weight: 1, arbitrary: fc.constantFrom('down' as const, 'lost' as const) },
);
const transaction = fc.nat(TRANSACTIONS - 1);

/** What the coordinator's promise became, in the model's words. */
async function outcome(work: Promise<unknown>): Promise<string> {
  try {
    const result = await work;
    if (typeof result === 'object' && result !== null && 'kind' in result) return String(result.kind);
    return typeof result === 'string' ? result : 'done';
  } catch (error) {
    if (error instanceof Unavailable) return 'unavailable';
    throw error;
  }
}

/** One way for a transaction and its branches, told once, whoever was in the race. */
async function mustHaveEnded(world: CoordinatorWorld, plans: Plans): Promise<void> {
  const statuses = await world.statuses();
  const seen = { accounts: await seenOf(world, plans, 'accounts'), points: await seenOf(world, plans, 'points') };
  plans.forEach((branches, index) => {
    const [status, { gid }] = [statuses[index]!, world.transactions[index]!];
    const timesTold = (list: readonly string[]): number => list.filter((one) => one === gid).length;
    expect({
      branches: branches.map(({ participant, key }) => seen[participant].holds[key]),
      decided: timesTold(world.told.decided),
      confirmed: timesTold(world.told.confirmed),
      cancelled: timesTold(world.told.cancelled),
    }).toEqual({
      branches: branches.map(() => status),
      decided: status === 'confirmed' ? 1 : 0,
      confirmed: status === 'confirmed' ? 1 : 0,
      cancelled: status === 'cancelled' ? 1 : 0,
    });
    expect(['confirmed', 'cancelled']).toContain(status);
  });
  for (const { accounts } of Object.values(seen)) {
    for (const account of Object.values(accounts)) {
      expect(account.reserved).toBe(0);
      expect(account.balance).toBe(account.entries.reduce((sum, entry) => sum + Number(entry.split(' ')[1]), 0));
      expect(account.balance).toBeGreaterThanOrEqual(0);
    }
  }
  expect(world.told.bugs).toEqual([]);
}

function seenOf(world: CoordinatorWorld, plans: Plans, name: ParticipantName): Promise<Seen> {
  const keys = plans.flat().flatMap(({ participant, key }) => (participant === name ? [key] : []));
  return seenIn(test.databases[name], world.names, ACCOUNTS, [...keys, 'seed/fund']);
}

describe('one step after the other', () => {
  type Command =
    | { readonly kind: Verb; readonly process: number; readonly transactions: readonly number[] }
    | { readonly kind: 'recover'; readonly process: number }
    | { readonly kind: 'fault'; readonly where: ParticipantName | 'log'; readonly fault: Fault };
  const process = fc.nat(1);
  const commands: fc.Arbitrary<Command> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constantFrom('tryAll', 'tryAll', 'decide', 'decide', 'confirmAll', 'cancelAll'),
        process,
        transactions: fc.uniqueArray(transaction, { minLength: 1 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('recover'), process }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('fault'),
        where: fc.constantFrom('accounts', 'points', 'log'),
        fault,
      }),
    },
  );

  const property = fc.asyncProperty(
    plansArbitrary,
    fc.array(commands, { maxLength: 24, size: 'max' }),
    async (plans, program) => {
      const world = await openCoordinatorWorld(test.databases, plans);
      const model = newCoordinatorState(plans);
      const processes = [0, 1].map(() => world.process(test.databases, (where) => model.faults[where]));
      /** A process decides what it has seen held, and confirms what it knows to be decided. */
      const known = new Set<string>();
      const mayDo = (verb: Verb, by: number, index: number): boolean =>
        verb === 'decide'
          ? known.has(`${by} ${index} held`)
          : verb !== 'confirmAll' || known.has(`${by} ${index} decided`);

      for (const command of program) {
        if (command.kind === 'fault') model.faults[command.where] = command.fault;
        else if (command.kind === 'recover') {
          await processes[command.process]!.recover();
          recover(model, plans);
        } else {
          const { kind, process: by } = command;
          const indexes = command.transactions.filter((index) => mayDo(kind, by, index));
          const { coordinator } = processes[by]!;
          const answers = await Promise.all(
            indexes.map((index) => outcome(coordinator[kind](world.transactions[index]!))),
          );
          expect(answers).toEqual(indexes.map((index) => coordinate(model, plans, kind, index)));
          indexes.forEach((index, place) => known.add(`${by} ${index} ${answers[place]}`));
        }
        expect(await world.statuses()).toEqual(model.status);
        for (const name of PARTICIPANTS) {
          expect(await seenOf(world, plans, name)).toEqual(seenInModel(model.participants[name]));
        }
      }
      model.faults = { accounts: 'up', points: 'up', log: 'up' };
      await processes[0]!.recover();
      await mustHaveEnded(world, plans);
    },
  );
  it('answers and stands as the model does', () => fc.assert(property, runs(60)), PATIENCE_MS);
});

describe('several processes at once', () => {
  /** What a process does with a transaction, and after how many of its steps it dies. */
  interface Action {
    readonly kind: 'settle' | 'cancel' | 'recover';
    readonly transaction: number;
    readonly steps: number;
  }
  interface Program {
    readonly actions: readonly Action[];
    readonly faults: readonly Fault[];
  }
  const action: fc.Arbitrary<Action> = fc.record({
    kind: fc.constantFrom('settle', 'settle', 'cancel', 'recover'),
    transaction,
    steps: fc.integer({ min: 1, max: 3 }),
  });
  const programs = (most: number): fc.Arbitrary<Program[]> =>
    fc.array(
      fc.record({
        actions: fc.array(action, { minLength: 1, maxLength: most, size: 'max' }),
        faults: fc.array(fault, { maxLength: 4 }),
      }),
      { minLength: 2, maxLength: 3, size: 'max' },
    );

  /** As in settle-payment.ts: hold, decide, confirm; give up what is refused or cannot be reached. */
  async function settle({ coordinator }: Process, one: Opened, steps: number, said: Said): Promise<void> {
    const tried = await outcome(coordinator.tryAll(one));
    if (steps < 2) return;
    if (tried === 'refused' || tried === 'unavailable') return cancel(coordinator, one, said);
    if (tried !== 'held') return;
    const decision = await outcome(coordinator.decide(one));
    said.push([one.gid, decision]);
    if (decision === 'decided' && steps > 2) said.push([one.gid, await outcome(coordinator.confirmAll(one))]);
  }
  async function cancel(coordinator: Process['coordinator'], one: Opened, said: Said): Promise<void> {
    said.push([one.gid, await outcome(coordinator.cancelAll(one))]);
  }
  type Opened = CoordinatorWorld['transactions'][number];
  /** What processes were answered about a transaction. */
  type Said = [gid: string, answer: string][];
  /** How a transaction must end of which this was said. */
  const MEANS: Readonly<Record<string, string>> = {
    decided: 'confirmed',
    done: 'confirmed',
    confirming: 'confirmed',
    confirmed: 'confirmed',
    abandoned: 'cancelled',
    cancelling: 'cancelled',
    cancelled: 'cancelled',
  };

  async function race(
    plans: Plans,
    list: readonly Program[],
    reach: (index: number) => TestDatabases['databases'],
    run: (running: (() => Promise<void>)[]) => Promise<PromiseSettledResult<void>[]>,
  ): Promise<void> {
    const world = await openCoordinatorWorld(test.databases, plans);
    const said: Said = [];
    const running = list.map(({ actions, faults }, index) => async () => {
      const rest = faults[Symbol.iterator]();
      const process = world.process(reach(index), () => rest.next().value ?? 'up');
      await Promise.all(
        actions.map(async ({ kind, transaction: which, steps }) => {
          const one = world.transactions[which]!;
          if (kind === 'settle') await settle(process, one, steps, said);
          if (kind === 'cancel') await cancel(process.coordinator, one, said);
          if (kind === 'recover') await process.recover();
        }),
      );
    });
    for (const result of await run(running)) if (result.status === 'rejected') throw result.reason;
    await world.process(test.databases, () => 'up').recover();
    await mustHaveEnded(world, plans);
    const ends = await world.statuses();
    const endOf = new Map(world.transactions.map(({ gid }, index) => [gid as string, ends[index]]));
    for (const [gid, answer] of said) {
      if (answer !== 'unavailable') expect([answer, endOf.get(gid)]).toEqual([answer, MEANS[answer]]);
    }
  }

  const choicesArbitrary = fc.array(fc.nat(3), { maxLength: 80, size: 'max' });
  const inSteps = fc.asyncProperty(plansArbitrary, programs(2), choicesArbitrary, (plans, list, choices) =>
    race(
      plans,
      list,
      (index) => ({
        orders: stepper.database(test.databases.orders, String(index)),
        accounts: stepper.database(test.databases.accounts, String(index)),
        points: stepper.database(test.databases.points, String(index)),
        accounting: test.databases.accounting,
      }),
      (running) => stepper.run(running, choices),
    ),
  );
  it('statement by statement, in any interleaving', () => fc.assert(inSteps, runs(40)), PATIENCE_MS);

  const atFullSpeed = fc.asyncProperty(plansArbitrary, programs(6), (plans, list) =>
    race(
      plans,
      list,
      () => test.databases,
      (running) => Promise.allSettled(running.map((one) => one())),
    ),
  );
  it('as fast as they can', () => fc.assert(atFullSpeed, runs(60)), PATIENCE_MS);
});
