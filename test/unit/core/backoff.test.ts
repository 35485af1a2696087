import fc from 'fast-check';
import { backoffMs } from '../../../src/core/backoff';

test('it doubles up to its cap', () => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 100].map((attempt) => backoffMs(attempt, () => 1));
  expect(all).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('half of it is sure, the other half random, whatever the attempt', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const full = backoffMs(attempt, () => 1);
      const delay = backoffMs(attempt, () => random);
      expect(delay).toBeGreaterThanOrEqual(full / 2);
      expect(delay).toBeLessThanOrEqual(full);
      expect(Number.isInteger(delay)).toBe(true);
    }),
  );
});
