import fc from 'fast-check';
import type { Database } from '../../src/consistency/transaction';
import { type TestDatabases, testDatabases } from '../support/databases';
import { type Choose, type Stepper, createStepper } from '../support/stepped-databases';
import { type Operation, explain } from './linearizable';
import { ACCOUNTS, type Command, KEYS, beginning, commandsArbitrary, partsOf } from './participant-commands';
import type { ModelState } from './participant-model';
import {
  type Executor,
  type Names,
  type Seen,
  begin,
  createExecutor,
  newNames,
  seenIn,
  seenInModel,
} from './participant-world';
import { PATIENCE_MS, runs } from './runs';

/**
 * Several processes on one participant, each over connections of its own. Whatever they do, some order of what they did
 * must explain every answer and what is in the database afterwards.
 */
let test: TestDatabases;
let stepper: Stepper;
beforeAll(async () => {
  // A transaction stands here for as long as the test likes.
  const patient = { statementTimeoutMs: 120_000, lockTimeoutMs: 60_000, idleInTransactionTimeoutMs: 120_000 };
  test = await testDatabases({ size: 20, ...patient });
  stepper = createStepper(test.databases.orders);
});
afterAll(() => test.close());

const SEEN_KEYS = [...KEYS, 'seed/fund'];

interface History {
  readonly operations: Operation<ModelState>[];
  /** Carries out a command and notes what it was answered, as one operation per item of its list. */
  record(executor: Executor, process: number, command: Command): Promise<void>;
}

function newHistory(): History {
  const operations: Operation<ModelState>[] = [];
  let moment = 0;
  return {
    operations,
    record: async (executor, process, command) => {
      const called = (moment += 1);
      const answers = await executor(command);
      const answered = (moment += 1);
      partsOf(command).forEach((apply, item) => {
        const name = `${process} ${JSON.stringify(command)} [${item}]`;
        operations.push({ name, called, answered, answer: answers[item]!, apply });
      });
    },
  };
}

async function mustBeExplained(history: History, names: Names): Promise<void> {
  const found = await seenIn(test.databases.accounts, names, ACCOUNTS, SEEN_KEYS);
  const same = (seen: Seen): boolean => sorted(seen) === sorted(found);
  const order = explain(history.operations, beginning(), (state) => same(seenInModel(state)));
  if (order !== undefined) return;
  const told = history.operations.map((one) => `${one.called}-${one.answered} ${one.name}: ${one.answer}`);
  throw new Error(`no order explains this history and ${sorted(found)}\n${told.join('\n')}`);
}

function sorted(seen: Seen): string {
  const byName = ([one]: [string, unknown], [other]: [string, unknown]): number => (one < other ? -1 : 1);
  const list = (of: object): unknown => Object.entries(of).sort(byName);
  const accounts = Object.entries(seen.accounts).map(([name, { status, balance, reserved, entries }]) => [
    name,
    [status, balance, reserved, ...entries],
  ]);
  return JSON.stringify([list(Object.fromEntries(accounts)), list(seen.holds)]);
}

/** What is there before the race, and then what each process does in it, all with a few branches. */
const racing = (processes: number, commands: number): fc.Arbitrary<Command[][]> => {
  const size = { commands, list: 2, keys: 3 };
  return commandsArbitrary([{ ...size, commands: 3 }, ...Array.from({ length: processes }, () => size)]);
};

interface Race {
  readonly names: Names;
  readonly history: History;
  /** What a process does, over this database. */
  program(commands: readonly Command[], process: number, db?: Database<'accounts'>): () => Promise<void>;
}

async function newRace(before: readonly Command[] = []): Promise<Race> {
  const [names, history] = [newNames(), newHistory()];
  await begin(test.databases.accounts, names);
  const program: Race['program'] = (commands, process, db = test.databases.accounts) => {
    const executor = createExecutor(db, names);
    return async () => {
      for (const command of commands) await history.record(executor, process, command);
    };
  };
  await program(before, 0)();
  return { names, history, program };
}

const stepped = (process: number): Database<'accounts'> => stepper.database(test.databases.accounts, String(process));

function mustHaveAnswered(results: readonly PromiseSettledResult<void>[]): void {
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

const STEPS = 'three processes, statement by statement, in any interleaving';
const inSteps = fc.asyncProperty(
  racing(3, 2),
  fc.array(fc.nat(2), { maxLength: 60, size: 'max' }),
  async ([before, ...programs], choices) => {
    const { names, history, program } = await newRace(before);
    const processes = programs.map((commands, index) => program(commands, index + 1, stepped(index + 1)));
    mustHaveAnswered(await stepper.run(processes, choices));
    await mustBeExplained(history, names);
  },
);
it(STEPS, () => fc.assert(inSteps, runs(150)), PATIENCE_MS);

const FULL_SPEED = 'four processes, as fast as they can';
const atFullSpeed = fc.asyncProperty(racing(4, 3), async ([before, ...programs]) => {
  const { names, history, program } = await newRace(before);
  await Promise.all(programs.map((commands, index) => program(commands, index + 1)()));
  await mustBeExplained(history, names);
});
it(FULL_SPEED, () => fc.assert(atFullSpeed, runs(100)), PATIENCE_MS);

describe('known holes, in the one order in which they open', () => {
  const ONE = { key: '0/fund', legs: [{ account: 'merchant', direction: 'in', amount: 5 }] } as const;
  const trying: Command = { kind: 'try', branches: [ONE] };
  const cancelling: Command = { kind: 'cancel', keys: [ONE.key] };
  const spending: Command = {
    kind: 'try',
    branches: [{ key: '1/fund', legs: [{ account: 'merchant', direction: 'out', amount: 8 }] }],
  };
  const closing: Command = { kind: 'close', account: 'gift' };

  /** The first process goes on until its next step is this one; then the others, one after the other; then it ends. */
  const stoppedBefore =
    (next: string): Choose =>
    (standing) => {
      const first = standing.findIndex((one) => one.process === '1' && one.next !== next);
      if (first >= 0) return first;
      return Math.max(
        0,
        standing.findIndex((one) => one.process !== '1'),
      );
    };

  const race = async (
    programs: readonly (readonly Command[])[],
    next: string,
    before: readonly Command[] = [],
  ): Promise<string[]> => {
    const { names, history, program } = await newRace(before);
    const processes = programs.map((commands, index) => program(commands, index + 1, stepped(index + 1)));
    mustHaveAnswered(await stepper.runBy(processes, stoppedBefore(next)));
    await mustBeExplained(history, names);
    const byProcess = history.operations.toSorted((one, other) => (one.name < other.name ? -1 : 1));
    return byProcess.filter(({ name }) => !name.startsWith('0')).map(({ answer }) => answer);
  };

  it('a Cancel that meets a Try before its commit waits, and releases what it held', async () => {
    expect(await race([[trying], [cancelling]], 'commit')).toEqual(['held', 'cancelled']);
  });

  it('two Cancels, the first not committed yet, then a late Try: no effect', async () => {
    expect(await race([[cancelling], [cancelling], [trying]], 'commit')).toEqual(['cancelled', 'cancelled', 'late']);
  });

  it('two Confirms, the first not committed yet: applied once', async () => {
    const confirming: Command = { kind: 'confirm', keys: [ONE.key] };
    expect(await race([[confirming], [confirming]], 'commit', [trying])).toEqual(['confirmed', 'confirmed']);
  });

  it('two Trys that spend the same money, the first not committed yet: one is refused', async () => {
    const other: Command = { kind: 'try', branches: [{ ...spending.branches[0]!, key: '2/fund' }] };
    expect(await race([[spending], [other]], 'commit')).toEqual(['held', 'refused']);
  });

  it('closing waits for a Try that is not committed yet, and is then refused', async () => {
    const giving: Command = {
      kind: 'try',
      branches: [{ key: '0/fund', legs: [{ account: 'gift', direction: 'in', amount: 1 }] }],
    };
    const opening: Command[] = [{ ...giving, branches: [{ ...giving.branches[0]!, key: '3/fund' }] }];
    const emptied: Command[] = [...opening, { kind: 'cancel', keys: ['3/fund'] }];
    expect(await race([[giving], [closing]], 'commit', emptied)).toEqual(['held', 'has_holds']);
    expect(await race([[closing], [giving]], 'commit', emptied)).toEqual(['done', 'refused']);
  });
});
