import fc from 'fast-check';
import { canonicalJson, contentHash, type Json } from '../../../src/core/canonical';

const json = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>;

function reversed(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, field]) => [key, reversed(field)]),
  );
}

test('keys are sorted by their UTF-16 units, without white space', () => {
  expect(canonicalJson({ b: [1, true, null, 'x'], a: { d: '', c: {} }, B: 1, é: 2 })).toBe(
    '{"B":1,"a":{"c":{},"d":""},"b":[1,true,null,"x"],"é":2}',
  );
});

test('it says the same as JSON, whatever the order of the keys', () => {
  fc.assert(
    fc.property(json, (value) => {
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      expect(canonicalJson(reversed(value))).toBe(canonicalJson(value));
      expect(contentHash(reversed(value))).toBe(contentHash(value));
    }),
  );
});

test('other content has another text', () => {
  fc.assert(
    fc.property(json, json, (a, b) => {
      const same = JSON.stringify(JSON.parse(canonicalJson(a))) === JSON.stringify(JSON.parse(canonicalJson(b)));
      expect(canonicalJson(a) === canonicalJson(b)).toBe(same);
    }),
  );
  expect(contentHash({ a: '1' })).not.toBe(contentHash({ a: 1 }));
  expect(contentHash(['ab', 'c'])).not.toBe(contentHash(['a', 'bc']));
});
