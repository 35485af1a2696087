import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createSealer } from '../../../src/core/sealing';

const [first, second] = [randomBytes(32), randomBytes(32)];
const sealer = createSealer([first]);

test('what was sealed opens in its own context and nowhere else', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (plain, context) => {
      const sealed = sealer.seal(plain, context);
      expect(sealer.open(sealed, context)).toBe(plain);
      expect(() => sealer.open(sealed, `${context}x`)).toThrow();
      expect(sealer.seal(plain, context)).not.toBe(sealed);
    }),
  );
});

test('any changed part does not open', () => {
  const parts = sealer.seal('a secret of some length', 'row').split('.');
  for (const index of parts.keys()) {
    for (const change of [(text: string) => `A${text.slice(1)}`, (text: string) => text.slice(0, -2), () => '']) {
      const changed = parts.with(index, change(parts[index] ?? ''));
      if (changed.join('.') === parts.join('.')) continue;
      expect(() => sealer.open(changed.join('.'), 'row')).toThrow();
    }
  }
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(() => sealer.open(text, 'row')).toThrow();
    }),
  );
});

test('master keys rotate: the old one still opens, the new one seals', () => {
  const sealed = sealer.seal('secret', 'row');
  const rotated = createSealer([second, first]);
  expect(rotated.open(sealed, 'row')).toBe('secret');
  expect(rotated.isStale(sealed)).toBe(true);
  expect(rotated.isStale(rotated.seal('secret', 'row'))).toBe(false);
  expect(() => createSealer([second]).open(sealed, 'row')).toThrow(/master key [0-9a-f]{12}, which is not configured/);
});

test('signatures are checked under the key that they name', () => {
  const { keyId, signature } = sealer.sign('head');
  const rotated = createSealer([second, first]);
  expect(rotated.verify('head', keyId, signature)).toBe(true);
  expect(rotated.verify('other', keyId, signature)).toBe(false);
  expect(rotated.verify('head', rotated.sign('head').keyId, signature)).toBe(false);
  expect(rotated.verify('head', keyId, '')).toBe(false);
  expect(createSealer([second]).verify('head', keyId, signature)).toBe(false);
});

test('a master key has 32 bytes, and there is one', () => {
  expect(() => createSealer([])).toThrow('needs a master key');
  expect(() => createSealer([randomBytes(31)])).toThrow('32 bytes');
});
