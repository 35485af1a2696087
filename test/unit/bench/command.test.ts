import { type Command, helpText, readCommand } from '../../../bench/command';
import { GOALS } from '../../../bench/goals';

function measured(args: readonly string[]): Extract<Command, { kind: 'measure' }> {
  const command = readCommand(args, GOALS);
  if (command.kind !== 'measure') throw new Error(`this is ${command.kind}`);
  return command;
}

it('without a goal it is the first, with the options that it always had', () => {
  const { wanted, named, common } = measured(['--callers', '7', '--backend', 'postgres', '--rounds', '3']);
  expect(wanted.map(({ goal }) => goal.name)).toEqual(['settled']);
  expect(wanted[0]?.values).toMatchObject({ callers: 7, payments: 20_000, backend: ['postgres'], profile: false });
  expect({ named, rounds: common.rounds }).toEqual({ named: false, rounds: 3 });
});

it('several goals each get the options that they have, with their own defaults', () => {
  const { wanted } = measured(['memory', 'answer', 'memory', '--soak-seconds', '9', '--callers', '2']);
  expect(wanted.map(({ goal }) => goal.name)).toEqual(['memory', 'answer']);
  expect(wanted[0]?.values).toMatchObject({ 'soak-seconds': 9, callers: 2, payments: 10_000 });
  expect(wanted[1]?.values).toMatchObject({ callers: 2, payments: 8_000 });
  expect(wanted[1]?.values).not.toHaveProperty('soak-seconds');
});

it('all are all', () => {
  expect(measured(['all']).wanted).toHaveLength(GOALS.length);
});

it('an option that none of the wanted goals has is refused, and so is a goal that is none', () => {
  expect(() => readCommand(['start', '--callers', '3'], GOALS)).toThrow('--callers is not an option of start');
  expect(() => readCommand(['speed'], GOALS)).toThrow('"speed" is no goal; expected list, all or some of settled,');
  expect(() => readCommand(['list', 'start'], GOALS)).toThrow('"list" is no goal');
});

it('an option means the same kind of value for every goal, and the help has each', () => {
  const kinds = new Map<string, string>();
  for (const [name, { takes }] of GOALS.flatMap((goal) => Object.entries(goal.options))) {
    expect(kinds.get(name) ?? takes).toBe(takes);
    kinds.set(name, takes);
    expect(helpText(GOALS)).toContain(`--${name}`);
  }
});

it('every goal has a name of its own', () => {
  expect(new Set(GOALS.map((goal) => goal.name)).size).toBe(GOALS.length);
});
