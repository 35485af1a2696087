import type { Options, ValuesOf } from '../options';
import type { Stage } from '../stage';

/**
 * Terminology
 * - goal: one thing that the service promises, the figures that show it, and how a round of them is measured.
 * - figure: one number of a round. Over several rounds it is the median; where it is a ratio, that of the rounds' ratios.
 * - target: what a figure is to be. A figure without one is printed beside the others and judged by nobody.
 */
export interface Goal {
  /** As it is written on the command line. */
  readonly name: string;
  /** One line. */
  readonly about: string;
  /** By the names that rounds use, in the order in which they are printed. */
  readonly figures: Readonly<Record<string, Figure>>;
  /** By their names on the command line; each goal gets the values of its own. */
  readonly options: Options;
  /**
   * Measures one round. Every run in it is audited before its figures are given.
   * @throws Error where a payment was lost or an audit finds a violation: such a round has no figures
   */
  round(context: GoalContext, values: Readonly<Record<string, unknown>>): Promise<Round>;
  /** What is printed above the figures, and what stands under `summary` in the JSON, made of the rounds' details. */
  summarize?(details: readonly unknown[]): Summary;
}

export interface Figure {
  /** What the number is, such as "settled/s, spread, of the floor". */
  readonly says: string;
  readonly unit: Unit;
  readonly target?: Target;
}

export type Unit = 'ratio' | 's' | 'ms' | 'MB' | '/s' | 'count';

export interface Target {
  readonly is: 'at least' | 'at most' | 'below';
  readonly value: number;
}

export interface GoalContext {
  /** The PostgreSQL of the whole command, on which each run has a database of its own. */
  readonly stage: Stage;
  /** From 0: rounds may take turns in what they measure first. */
  readonly round: number;
  /** One line for the person who waits. */
  readonly tell: (line: string) => void;
}

export interface Round {
  /** What cannot be measured on this machine is left out (no redis-server, no /proc). */
  readonly figures: Readonly<Record<string, number>>;
  /** What else the round has seen; stands in the JSON as it is. */
  readonly detail?: unknown;
}

export interface Summary {
  readonly text: string;
  readonly json: object;
}

interface TypedGoal<Given extends Options, Detail> extends Omit<Goal, 'options' | 'round' | 'summarize'> {
  readonly options: Given;
  round(context: GoalContext, options: ValuesOf<Given>): Promise<Round & { readonly detail?: Detail }>;
  summarize?(details: readonly Detail[]): Summary;
}

/** A goal whose round and summary know the types of its options and details; the registry need not. */
export function defineGoal<Given extends Options, Detail>(goal: TypedGoal<Given, Detail>): Goal {
  return goal;
}

/** The figures without those that could not be measured. */
export function known(figures: Readonly<Record<string, number | null | undefined>>): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(figures).flatMap(([name, value]) => (value === null || value === undefined ? [] : [[name, value]])),
  );
}
