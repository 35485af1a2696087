import { setTimeout as wait } from 'node:timers/promises';
import { systemClock } from '../../../src/core/clock';
import { createLogLimiter } from '../../../src/core/log-limiter';

it('lets so many lines of each name through in a window, and says at its end how many it did not', async () => {
  const suppressed: [string, number][] = [];
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: 3,
    windowMs: 50,
    onSuppressed: (name, count) => suppressed.push([name, count]),
  });
  const allowed = (name: string, times: number): number =>
    Array.from({ length: times }, () => limiter.allows(name)).filter(Boolean).length;
  expect([allowed('a', 10), allowed('b', 2)]).toEqual([3, 2]);
  for (let round = 0; round < 4_000 && suppressed.length === 0; round += 1) await wait(5);
  expect(suppressed).toEqual([['a', 7]]);
  for (let round = 0; round < 4_000 && !limiter.allows('a'); round += 1) await wait(5);
  expect(allowed('a', 5)).toBe(2);
});
