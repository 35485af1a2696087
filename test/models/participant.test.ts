import fc from 'fast-check';
import { type TestDatabases, testDatabases } from '../support/databases';
import { ACCOUNTS, KEYS, beginning, commandsArbitrary, partsOf } from './participant-commands';
import { begin, createExecutor, newNames, seenIn, seenInModel } from './participant-world';
import { PATIENCE_MS, runs } from './runs';

/**
 * The participant against its model, command by command: any order, any repetition, lists that name a branch twice, other
 * content under a known key, accounts frozen and closed in between.
 */
let test: TestDatabases;
beforeAll(async () => {
  test = await testDatabases();
});
afterAll(() => test.close());

const KEYS_WITH_SEED = [...KEYS, 'seed/fund'];

it(
  'answers and stands as the model does, after every command',
  async () => {
    const db = test.databases.accounts;
    await fc.assert(
      fc.asyncProperty(commandsArbitrary([{ commands: 24, list: 4, keys: KEYS.length }]), async ([program]) => {
        const names = newNames();
        await begin(db, names);
        const execute = createExecutor(db, names);
        const model = beginning();
        for (const command of program ?? []) {
          expect(await execute(command)).toEqual(partsOf(command).map((part) => part(model)));
          expect(await seenIn(db, names, ACCOUNTS, KEYS_WITH_SEED)).toEqual(seenInModel(model));
        }
      }),
      runs(100),
    );
  },
  PATIENCE_MS,
);
