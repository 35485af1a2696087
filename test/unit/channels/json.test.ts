import fc from 'fast-check';
import { field, parseJsonObject } from '../../../src/channels/support/json';

test('only own keys lead anywhere', () => {
  expect(field({ a: { b: 1 } }, 'a', 'b')).toBe(1);
  for (const path of [['constructor'], ['__proto__'], ['a', 'toString'], ['a', 'b', 'c'], ['x', 'y']]) {
    expect(field({ a: { b: 1 } }, ...path)).toBeUndefined();
  }
  for (const nothing of [undefined, null, 'text', 1, [1]]) expect(field(nothing, 'length')).toBeUndefined();
});

test('objects are read as JSON.parse does, and nothing else is', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const text = JSON.stringify(object);
      expect(parseJsonObject(Buffer.from(text))).toEqual(JSON.parse(text));
    }),
  );
  for (const text of ['', '[]', '1', 'null', '"x"', '{', '{"a":1}x', '\ufeff{}']) {
    expect(parseJsonObject(Buffer.from(text))).toBeUndefined();
  }
});

test('bytes that are not UTF-8 are not repaired', () => {
  for (const bytes of ['ff', 'c0af', 'eda080', 'f0']) {
    expect(
      parseJsonObject(Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')])),
    ).toBeUndefined();
  }
});

test('depth is bounded, and brackets inside of strings are not depth', () => {
  const nested = (depth: number): Buffer => Buffer.from('{"a":'.repeat(depth) + '1' + '}'.repeat(depth));
  expect(parseJsonObject(nested(64))).toBeDefined();
  expect(parseJsonObject(nested(65))).toBeUndefined();
  const text = JSON.stringify({ a: `${'['.repeat(1000)}\\"{{{` });
  expect(parseJsonObject(Buffer.from(text))).toEqual(JSON.parse(text));
  expect(parseJsonObject(Buffer.from(`{"a":"${'x'.repeat(300_000)}"}`))).toBeUndefined();
});
