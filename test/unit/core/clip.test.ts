import fc from 'fast-check';
import { clip } from '../../../src/core/clip';

const HALF = /\p{Surrogate}/u;

test('a text that fits is the same text', () => {
  expect(clip('short', 5)).toBe('short');
  expect(clip('', 0)).toBe('');
});

test('what does not fit is cut, and a character that would be halved is left out', () => {
  expect(clip('abcdef', 3)).toBe('abc');
  expect(clip('ab😀', 3)).toBe('ab');
  expect(clip('ab😀c', 4)).toBe('ab😀');
  expect(clip('😀', 1)).toBe('');
});

test('whatever is cut, wherever: a beginning of the text, without half a pair', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 40 });
  fc.assert(
    fc.property(text, fc.nat(60), (whole, most) => {
      const cut = clip(whole, most);
      expect(whole.startsWith(cut)).toBe(true);
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(whole.length, most) - 1);
      expect(cut.length).toBeLessThanOrEqual(most);
      expect(HALF.test(cut)).toBe(false);
    }),
  );
});
