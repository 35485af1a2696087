import type { Wanted } from './command';
import type { Goal, Round, Summary, Target } from './goals/goal';
import { median } from './median';
import type { Stage } from './stage';

/** What came of a goal: the medians of its rounds, and whether they are what they should be. */
export interface GoalResult {
  readonly goal: Goal;
  readonly rounds: readonly Round[];
  readonly figures: Readonly<Record<string, number>>;
  readonly verdicts: readonly Verdict[];
  readonly summary: Summary | undefined;
}

export interface Verdict {
  readonly figure: string;
  readonly says: string;
  readonly target: Target;
  /** Undefined where this run could not measure it. */
  readonly measured: number | undefined;
  readonly met: boolean | undefined;
}

/** A goal of which no figure may be given. */
export interface GoalFailure {
  readonly goal: Goal;
  readonly reason: string;
}

/**
 * Measures the goals round by round, all of them in each round, because a machine may be twice as fast an hour later. A goal
 * one of whose rounds fails is not measured further, and the others are.
 */
export async function runGoals(
  stage: Stage,
  wanted: readonly Wanted[],
  rounds: number,
  tell: (line: string) => void,
): Promise<{ readonly results: readonly GoalResult[]; readonly failures: readonly GoalFailure[] }> {
  const measured = new Map<Goal, Round[]>(wanted.map(({ goal }) => [goal, []]));
  const failures = new Map<Goal, string>();
  for (let round = 0; round < rounds; round += 1) {
    if (rounds > 1) tell(`round ${round + 1} of ${rounds}`);
    for (const { goal, values } of wanted) {
      if (failures.has(goal)) continue;
      if (wanted.length > 1) tell(`goal ${goal.name}`);
      try {
        measured.get(goal)?.push(await goal.round({ stage, round, tell }, values));
      } catch (error) {
        failures.set(goal, error instanceof Error ? error.message : String(error));
      }
    }
  }
  const sound = wanted.filter(({ goal }) => !failures.has(goal));
  return {
    results: sound.map(({ goal }) => resultOf(goal, measured.get(goal) ?? [])),
    failures: [...failures].map(([goal, reason]) => ({ goal, reason })),
  };
}

export function resultOf(goal: Goal, rounds: readonly Round[]): GoalResult {
  const names = Object.keys(goal.figures).filter((name) => rounds.some((round) => name in round.figures));
  const figures = Object.fromEntries(
    names.map((name) => [name, median(rounds.flatMap((round) => round.figures[name] ?? []))]),
  );
  const verdicts = Object.entries(goal.figures).flatMap(([figure, { says, target }]) => {
    if (target === undefined) return [];
    const value = figures[figure];
    return [{ figure, says, target, measured: value, met: value === undefined ? undefined : meets(target, value) }];
  });
  return { goal, rounds, figures, verdicts, summary: goal.summarize?.(rounds.map((round) => round.detail)) };
}

export function meets({ is, value }: Target, measured: number): boolean {
  switch (is) {
    case 'at least':
      return measured >= value;
    case 'at most':
      return measured <= value;
    case 'below':
      return measured < value;
  }
}
