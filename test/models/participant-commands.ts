import fc from 'fast-check';
import {
  type ModelBranch,
  type ModelLeg,
  type ModelState,
  type Rules,
  type StatusVerb,
  cancelBranch,
  changeStatus,
  confirmBranch,
  newAccount,
  sameLegs,
  tryBranch,
} from './participant-model';

/** What is said to a participant, in words that model and participant both understand. */
export type Command =
  | { readonly kind: 'try'; readonly branches: readonly ModelBranch[] }
  | { readonly kind: 'confirm' | 'cancel'; readonly keys: readonly string[] }
  | { readonly kind: StatusVerb; readonly account: string };

/**
 * `merchant` and `gift` are opened by the first leg that credits them, `payee` is there from the beginning, `suspense` is
 * protected, `nobody` does not exist. `merchant` and `payee` begin with ten.
 */
export const RULES: Rules = { opens: new Set(['merchant', 'gift', 'suspense']), protected: new Set(['suspense']) };
export const ACCOUNTS = ['merchant', 'gift', 'payee', 'suspense', 'nobody'] as const;
export const FUNDED = ['merchant', 'payee'] as const;
export const FUNDS = 10;
/** Four transactions, one of them with two branches. */
export const KEYS = ['0/fund', '1/fund', '2/fund', '2/gift', '3/fund'] as const;

export function beginning(): ModelState {
  const funded = (name: string): [string, ReturnType<typeof newAccount>] => [
    name,
    { ...newAccount(), balance: FUNDS, entries: [`seed/fund ${FUNDS}`] },
  ];
  return { accounts: Object.fromEntries(FUNDED.map(funded)), holds: {} };
}

/** The parts of a command that the model takes one by one, each with its answer; a list is a set of parts of one moment. */
export function partsOf(command: Command): ((state: ModelState) => string)[] {
  switch (command.kind) {
    case 'try':
      return command.branches.map((branch) => (state) => {
        // Of two contents for one branch in a list, the second is a mismatch, whatever the first one met.
        const first = command.branches.find(({ key }) => key === branch.key);
        if (first !== undefined && !sameLegs(first.legs, branch.legs)) return 'mismatch';
        return tryBranch(state, RULES, branch);
      });
    case 'confirm':
      return command.keys.map((key) => (state) => confirmBranch(state, key));
    case 'cancel':
      return command.keys.map((key) => (state) => cancelBranch(state, key));
    default: {
      const { kind, account } = command;
      return [(state) => changeStatus(state, RULES, kind, account)];
    }
  }
}

const leg: fc.Arbitrary<ModelLeg> = fc.record({
  account: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom('merchant', 'payee', 'gift') },
    { weight: 1, arbitrary: fc.constantFrom('suspense', 'nobody') },
  ),
  direction: fc.constantFrom('in', 'out'),
  amount: fc.integer({ min: 1, max: 8 }),
});
/** Merged per account and direction, as a plan's legs are. */
export const legsArbitrary = fc.uniqueArray(leg, {
  minLength: 1,
  maxLength: 3,
  selector: ({ account, direction }) => `${account} ${direction}`,
});

export interface Size {
  /** How many commands there are at most. */
  readonly commands: number;
  /** How many items a list has at most. */
  readonly list: number;
  /** How many of the branches are named. */
  readonly keys: number;
}

/** Each branch has its content, and another one that a Try has by mistake. */
export const contentsArbitrary = fc.tuple(...KEYS.map(() => fc.tuple(legsArbitrary, legsArbitrary)));
export type Contents = typeof contentsArbitrary extends fc.Arbitrary<infer T> ? T : never;

/** What a command says before the contents are known. */
interface Sketch {
  readonly kind: Command['kind'];
  readonly keys: readonly number[];
  readonly mistaken: boolean;
  readonly account: string;
}

const sketch = ({ list, keys }: Size): fc.Arbitrary<Sketch> =>
  fc.record({
    kind: fc.oneof(
      { weight: 5, arbitrary: fc.constant('try' as const) },
      { weight: 3, arbitrary: fc.constant('confirm' as const) },
      { weight: 3, arbitrary: fc.constant('cancel' as const) },
      { weight: 2, arbitrary: fc.constantFrom('freeze' as const, 'unfreeze' as const, 'close' as const) },
    ),
    keys: fc.array(fc.nat(keys - 1), { minLength: 1, maxLength: list }),
    mistaken: fc.nat(9).map((one) => one === 9),
    account: fc.constantFrom(...ACCOUNTS),
  });

/** Sequences of commands over shared accounts and branches, whose lists may name a branch several times. */
export function commandsArbitrary(sizes: readonly Size[]): fc.Arbitrary<Command[][]> {
  const sketches = fc.tuple(...sizes.map((size) => fc.array(sketch(size), { maxLength: size.commands, size: 'max' })));
  return fc
    .tuple(contentsArbitrary, sketches)
    .map(([contents, programs]) => programs.map((program) => program.map((one) => drawn(one, contents))));
}

function drawn({ kind, keys, mistaken, account }: Sketch, contents: Contents): Command {
  switch (kind) {
    case 'try':
      return { kind, branches: keys.map((key) => ({ key: KEYS[key]!, legs: contents[key]![mistaken ? 1 : 0] })) };
    case 'confirm':
    case 'cancel':
      return { kind, keys: keys.map((key) => KEYS[key]!) };
    default:
      return { kind, account };
  }
}
