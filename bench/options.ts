import { oneOf, whole } from '../test/support/option-values';

/** An option of the command line. */
export interface Option<Value> {
  /** What stands in the help. */
  readonly says: string;
  readonly takes: 'n' | 'name' | 'nothing';
  /**
   * @param given undefined where it is not there
   * @throws Error whose line tells a person what is wrong
   */
  read(name: string, given: string | boolean | undefined): Value;
}

export type Options = Readonly<Record<string, Option<unknown>>>;
export type ValuesOf<Given extends Options> = {
  readonly [Name in keyof Given]: Given[Name] extends Option<infer Value> ? Value : never;
};

export function number(otherwise: number, from: number, to: number, says: string): Option<number> {
  return {
    says: `${says} (${otherwise})`,
    takes: 'n',
    read: (name, given) => (typeof given === 'string' ? whole(name, given, from, to) : otherwise),
  };
}

/** One of some names; all of them where none is given. */
export function oneOrAll<Name extends string>(names: readonly Name[], says: string): Option<readonly Name[]> {
  return {
    says,
    takes: 'name',
    read: (name, given) => (typeof given === 'string' ? [oneOf(name, given, names)] : names),
  };
}

export function flag(says: string): Option<boolean> {
  return { says, takes: 'nothing', read: (_name, given) => given === true };
}

/** What the load of most goals is made of. */
export const LOAD = {
  callers: number(128, 1, 1_500, 'callbacks under way at once'),
  payments: number(20_000, 1, 1_000_000, 'payments per run'),
  'warm-up': number(2_000, 0, 100_000, 'payments before each run that are not counted'),
  merchants: number(1_000, 1, 10_000, 'merchants of the spread run'),
} as const;
