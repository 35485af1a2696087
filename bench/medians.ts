import type { Floor } from './floor';
import { median } from './median';
import type { Result } from './report';

type Run = Result['runs'][number];

/**
 * The medians of several rounds of the same runs. A ratio is the median of the rounds' ratios, because a round's parts follow
 * each other closely while the machine may be twice as fast an hour later.
 */
export function mediansOf(rounds: readonly Result[]): Result {
  const [first, ...more] = rounds;
  if (first === undefined) throw new Error('there were no rounds');
  if (more.length === 0) return first;
  return {
    ...first,
    rounds: rounds.length,
    floors: first.floors.map((floor) => floorOf(rounds, floor)),
    runs: first.runs.map((run) => runOf(rounds, run)),
    hotOfSpread: first.hotOfSpread.map(({ backend }) => ({
      backend,
      ratio: medianOf(
        rounds.flatMap((round) => round.hotOfSpread.filter((one) => one.backend === backend)),
        'ratio',
      ),
    })),
  };
}

function floorOf(rounds: readonly Result[], { spread, by }: Floor): Floor {
  const same = rounds.flatMap((round) => round.floors.filter((floor) => floor.spread === spread));
  const perSecond = medianOf(same, 'perSecond');
  const nearest = same.reduce((best, one) =>
    Math.abs(one.perSecond - perSecond) < Math.abs(best.perSecond - perSecond) ? one : best,
  );
  return { spread, by, perSecond, connections: nearest.connections };
}

function runOf(rounds: readonly Result[], run: Run): Run {
  const same = rounds.flatMap((round) =>
    round.runs.filter(({ spread, backend }) => spread === run.spread && backend === run.backend),
  );
  return {
    ...run,
    acknowledgedPerSecond: medianOf(same, 'acknowledgedPerSecond'),
    settledPerSecond: medianOf(same, 'settledPerSecond'),
    ofFloor: run.ofFloor === null ? null : medianOf(same, 'ofFloor'),
    p50: medianOf(same, 'p50'),
    p95: medianOf(same, 'p95'),
    p99: medianOf(same, 'p99'),
    tryAgain: Math.max(...same.map((one) => one.tryAgain)),
    cpu: run.cpu.map((usage) => {
      const ofOne = same.flatMap((one) => one.cpu.filter(({ who }) => who === usage.who));
      return { ...usage, perPaymentMs: medianOf(ofOne, 'perPaymentMs'), memoryMb: medianOf(ofOne, 'memoryMb') };
    }),
  };
}

function medianOf<Name extends string>(rows: readonly { readonly [N in Name]: number | null }[], name: Name): number {
  return median(rows.map((row) => row[name] ?? 0));
}
