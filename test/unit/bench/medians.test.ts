import { mediansOf } from '../../../bench/medians';
import type { Result } from '../../../bench/report';

/** A round on a machine of some speed, whose service was so fast beside its floor. */
function round(floor: number, ofFloor: number, hotOfSpread: number): Result {
  const run = (spread: 'spread' | 'hot', settledPerSecond: number) => ({
    ...{ backend: 'postgres' as const, spread, payments: 10, audit: 'sound' as const, profile: null, tryAgain: 0 },
    ...{ acknowledgedPerSecond: settledPerSecond, settledPerSecond, p50: 1, p95: 2, p99: 3 },
    cpu: [{ who: 'service', perPaymentMs: 1_000 / floor, memoryMb: 100 }],
    ofFloor: spread === 'spread' ? ofFloor : null,
  });
  return {
    ...{ rounds: 1, callers: 1, payments: 10, merchants: 1 },
    floors: [{ spread: 'spread', perSecond: floor, connections: floor > 1_500 ? 32 : 8, by: 'pgbench' }],
    runs: [run('spread', floor * ofFloor), run('hot', floor * ofFloor * hotOfSpread)],
    hotOfSpread: [{ backend: 'postgres', ratio: hotOfSpread }],
  };
}

it('a ratio is the median of the ratios, whatever the speed of its round was', () => {
  const result = mediansOf([round(1_000, 0.5, 1.1), round(2_000, 0.7, 0.9), round(1_400, 0.6, 1)]);
  expect(result).toMatchObject({
    rounds: 3,
    floors: [{ perSecond: 1_400, connections: 8 }],
    hotOfSpread: [{ ratio: 1 }],
  });
  expect(result.runs[0]).toMatchObject({ spread: 'spread', ofFloor: 0.6, settledPerSecond: 840 });
  expect(result.runs[1]).toMatchObject({ spread: 'hot', ofFloor: null });
});

it('of an even number of rounds it is the mean of the two in the middle', () => {
  expect(mediansOf([round(1_000, 0.5, 1), round(1_000, 0.75, 1.5)]).hotOfSpread[0]?.ratio).toBe(1.25);
});

it('of one round it is that round', () => {
  const only = round(1_000, 0.5, 1);
  expect(mediansOf([only])).toBe(only);
});
