import { parseArgs } from 'node:util';
import type { Goal } from './goals/goal';
import { type Option, type Options, type ValuesOf, flag, number } from './options';

const COMMON = {
  rounds: number(1, 1, 100, 'measure all of it so often, in turns, and print the medians'),
  json: flag('print one JSON object'),
  markdown: flag('print the table as Markdown'),
  'write-readme': flag('put the table into README.md, between its two markers'),
  help: flag('print this'),
} as const;

export type Command =
  | { readonly kind: 'help' | 'list' }
  | {
      readonly kind: 'measure';
      /** Each with the values of its own options. */
      readonly wanted: readonly Wanted[];
      /** False where no goal was named and the first is meant. */
      readonly named: boolean;
      readonly common: ValuesOf<typeof COMMON>;
    };

export interface Wanted {
  readonly goal: Goal;
  readonly values: Readonly<Record<string, unknown>>;
}

/** @throws Error whose message tells a person what is wrong */
export function readCommand(args: readonly string[], goals: readonly Goal[]): Command {
  const known = [COMMON, ...goals.map((goal) => goal.options)].flatMap((options) =>
    Object.entries<Option<unknown>>(options),
  );
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: Object.fromEntries(
      known.map(([name, { takes }]) => [name, { type: takes === 'nothing' ? 'boolean' : 'string' }]),
    ),
  });
  const given = values as Readonly<Record<string, string | boolean | undefined>>;
  const common = valuesOf(COMMON, given);
  if (common.help) return { kind: 'help' };
  if (positionals.length === 1 && positionals[0] === 'list') return { kind: 'list' };
  const wanted = wantedOf(positionals, goals);
  const foreign = Object.keys(given).find(
    (name) => ![COMMON, ...wanted.map((goal) => goal.options)].some((options) => name in options),
  );
  if (foreign !== undefined)
    throw new Error(`--${foreign} is not an option of ${wanted.map(({ name }) => name).join(', ')}`);
  return {
    kind: 'measure',
    wanted: wanted.map((goal) => ({ goal, values: valuesOf(goal.options, given) })),
    named: positionals.length > 0,
    common,
  };
}

function wantedOf(names: readonly string[], goals: readonly Goal[]): readonly Goal[] {
  if (names.length === 0) return goals.slice(0, 1);
  if (names.length === 1 && names[0] === 'all') return goals;
  return [...new Set(names)].map((name) => {
    const goal = goals.find((one) => one.name === name);
    if (goal !== undefined) return goal;
    throw new Error(`"${name}" is no goal; expected list, all or some of ${goals.map((one) => one.name).join(', ')}`);
  });
}

function valuesOf<Given extends Options>(
  options: Given,
  given: Readonly<Record<string, string | boolean | undefined>>,
): ValuesOf<Given> {
  const values = Object.entries(options).map(([name, option]) => [name, option.read(name, given[name])]);
  return Object.fromEntries(values) as ValuesOf<Given>;
}

export function helpText(goals: readonly Goal[]): string {
  return [
    'npm run bench -- [list | all | <goal>...] [options]',
    `without a goal: ${goals[0]?.name ?? ''}`,
    ...[['any goal', COMMON] as const, ...goals.map((goal) => [goal.name, goal.options] as const)].flatMap(
      ([name, options]) => ['', `${name}:`, ...Object.entries(options).map(optionLine)],
    ),
    '',
  ].join('\n');
}

function optionLine([name, { takes, says }]: readonly [string, Option<unknown>]): string {
  return `  ${`--${name}${takes === 'nothing' ? '' : ` <${takes}>`}`.padEnd(20)} ${says}`;
}
