import { type Second, between, callbacksOf, recoveredAfter, secondsOf } from '../../../bench/offered';
import { schedule } from '../../../bench/open-loop';
import type { Outcome } from '../../../bench/bank-calls';

it('callbacks are due at a constant rate within each phase, and phases follow each other without a pause', () => {
  const phases = [
    { perSecond: 2, seconds: 1 },
    { perSecond: 4, seconds: 0.5 },
  ];
  expect([...schedule(phases)]).toEqual([0, 500, 1_000, 1_250]);
  expect(callbacksOf(phases)).toBe(4);
});

it('a callback belongs to the second in which it was due, however late its answer', () => {
  const outcomes: readonly Outcome[] = ['acknowledged', 'put_off', 'acknowledged', 'dropped'];
  const offered = { dueMs: [0, 999, 1_000, 1_900], tookMs: [5, 1, 2_500, 7], outcomes };
  const seconds = secondsOf(offered, 0, 2);
  expect(seconds).toMatchObject([
    { offered: 2, outcomes: { acknowledged: 1, put_off: 1, dropped: 0 }, p50: 5, p99: 5 },
    { offered: 2, outcomes: { acknowledged: 1, put_off: 0, dropped: 1 }, p50: 2_500 },
  ]);
  expect(between(offered, 0, 1_000).tookMsOf('put_off')).toEqual([1]);
});

function second(p50: number, p99: number, lost = 0): Second {
  const outcomes = { acknowledged: 100 - lost, put_off: lost, put_off_silently: 0, refused: 0, dropped: 0 };
  return { offered: 100, outcomes, p50, p99 };
}

describe('after a burst', () => {
  const before = [second(10, 40), second(12, 50), second(11, 45)];
  const usual = second(11, 45);

  it('it counts the seconds until three in a row are as before', () => {
    expect(recoveredAfter(before, [usual, usual, usual])).toBe(0);
    expect(recoveredAfter(before, [second(900, 999), usual, usual, usual, usual])).toBe(1);
    expect(recoveredAfter(before, [usual, usual, second(11, 99), usual, usual, usual])).toBe(3);
  });

  it('a second in which callbacks were turned away is not as before', () => {
    expect(recoveredAfter(before, [second(10, 40, 1), usual, usual, usual])).toBe(1);
  });

  it('what never comes takes as long as was measured', () => {
    expect(recoveredAfter(before, [second(900, 999), second(900, 999)])).toBe(2);
  });
});
