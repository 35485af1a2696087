import fc from 'fast-check';
import type { Clock } from '../../../src/core/clock';
import { createIds, ID_PREFIXES, type IdKind, readId, showId } from '../../../src/core/ids';

function clockAt(...times: readonly number[]): Clock {
  let at = 0;
  return { now: () => new Date(times[Math.min(at++, times.length - 1)] ?? 0), elapsed: () => 0 };
}

const T = Date.UTC(2026, 10, 21);

test('an id is a UUIDv7 that begins with its time', () => {
  const id = createIds(clockAt(T)).next();
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(T);
});

test('ids go up, within a millisecond, past its counter, and when the clock goes back', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: T - 5, max: T + 5 }), { minLength: 1, maxLength: 20 }), (times) => {
      const { next } = createIds(clockAt(...times));
      const ids = Array.from({ length: 9_000 }, () => next());
      expect(ids.every((id, at) => at === 0 || (ids[at - 1] ?? '') < id)).toBe(true);
    }),
    { numRuns: 10 },
  );
});

test('a token is a random UUID and tells no time', () => {
  const ids = createIds(clockAt(T));
  const tokens = Array.from({ length: 100 }, () => ids.token());
  expect(new Set(tokens).size).toBe(100);
  for (const token of tokens)
    expect(token).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(tokens.map((token) => token.slice(0, 8))).size).toBeGreaterThan(90);
});

test('an id shown is read back as its own kind only', () => {
  const id = createIds(clockAt(T)).next<'order'>();
  const kinds = Object.keys(ID_PREFIXES) as IdKind[];
  for (const kind of kinds) {
    expect(readId(kind, showId(kind, id))).toBe(id);
    for (const other of kinds) if (other !== kind) expect(readId(other, showId(kind, id))).toBeUndefined();
  }
  expect(new Set(Object.values(ID_PREFIXES)).size).toBe(kinds.length);
});

test('what is no id is not read as one', () => {
  const id = createIds(clockAt(T)).next();
  for (const text of [
    '',
    'ord_',
    id,
    `ord_${id} `,
    `ord_${id.toUpperCase()}`,
    `ord_${id}\n`,
    `ord_${id.replaceAll('-', '')}`,
  ]) {
    expect(readId('order', text)).toBeUndefined();
  }
  fc.assert(fc.property(fc.string(), (text) => readId('order', `ord_${text}`) === undefined));
});
