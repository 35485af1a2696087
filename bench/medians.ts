import type { Floor } from './floor';
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
      ratio: median(
        rounds.flatMap((round) => round.hotOfSpread.filter((one) => one.backend === backend)),
        'ratio',
      ),
    })),
  };
}

function floorOf(rounds: readonly Result[], { spread, by }: Floor): Floor {
  const same = rounds.flatMap((round) => round.floors.filter((floor) => floor.spread === spread));
  const perSecond = median(same, 'perSecond');
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
    acknowledgedPerSecond: median(same, 'acknowledgedPerSecond'),
    settledPerSecond: median(same, 'settledPerSecond'),
    ofFloor: run.ofFloor === null ? null : median(same, 'ofFloor'),
    p50: median(same, 'p50'),
    p95: median(same, 'p95'),
    p99: median(same, 'p99'),
    tryAgain: Math.max(...same.map((one) => one.tryAgain)),
    cpu: run.cpu.map((usage) => {
      const ofOne = same.flatMap((one) => one.cpu.filter(({ who }) => who === usage.who));
      return { ...usage, perPaymentMs: median(ofOne, 'perPaymentMs'), memoryMb: median(ofOne, 'memoryMb') };
    }),
  };
}

/** Of an even number, the mean of the two in the middle. */
function median<Name extends string>(rows: readonly { readonly [N in Name]: number | null }[], name: Name): number {
  const sorted = rows.map((row) => row[name] ?? 0).sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1);
  return (low + high) / 2;
}
