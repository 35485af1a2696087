import fc, { type Arbitrary } from 'fast-check';
import type { Json } from '../../support/world';

/** Texts that have hurt somebody: prototypes, NUL, halves of pairs, other digits, long, and things that look like another type. */
export const HOSTILE_TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-0',
  '1e3',
  '1e400',
  'NaN',
  'Infinity',
  '0x10',
  '+1.00',
  '01.00',
  '1.',
  '.5',
  '1,000.00',
  '١٢٣',
  '１２．３４',
  '999999999999999.9999',
  '1000000000000000',
  '9'.repeat(400),
  'null',
  'true',
  '[object Object]',
  '__proto__',
  'constructor',
  'prototype',
  'a\u0000b',
  '\u0000',
  '\ud800',
  'a\udfffb',
  '\ufeff',
  '\ufffd',
  '\u202e',
  'e\u0301',
  "'; drop table orders.orders; --",
  '${7*7}{{7*7}}<%=7*7%>',
  '../../etc/passwd',
  '%00%ff%2e%2e',
  '\r\nX-Injected: 1',
  '<script>alert(1)</script>',
  'x'.repeat(5_000),
  '😀'.repeat(260),
  `${'x'.repeat(59)}😀`,
  `${'x'.repeat(499)}😀`,
  'ord_00000000-0000-7000-8000-000000000000',
  'mer_00000000-0000-7000-8000-000000000000',
  '00000000-0000-7000-8000-000000000000',
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '-271821-04-20T00:00:00Z',
  '+275760-09-13T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '2026-11-21T10:00:60Z',
  '2026-11-21',
  'http://127.0.0.1:1/',
  'file:///etc/passwd',
];

export const hostileText: Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 300 }),
);

export const hostileValue: Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  {
    weight: 3,
    arbitrary: fc.constantFrom<Json>(
      null,
      true,
      false,
      0,
      -0,
      1,
      -1,
      1.5,
      1e21,
      1e308,
      -1e308,
      5e-324,
      Number.MAX_SAFE_INTEGER,
      Number.MAX_SAFE_INTEGER + 1,
      2_147_483_648,
      [],
      {},
      [[]],
      [null],
      { length: 1 },
      { toString: 1 },
      Array.from({ length: 2_000 }, () => 0),
    ),
  },
  // What JSON has no number for would be signed as a text and sent as null.
  { weight: 1, arbitrary: fc.double({ noNaN: true, noDefaultInfinity: true }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

/** A change somewhere within a JSON value: a place is taken as a number, and counts the places that there are. */
export interface JsonChange {
  readonly place: number;
  readonly what: 'replace' | 'remove' | 'rename' | 'wrap' | 'copy';
  readonly value: Json;
}

export const jsonChange: Arbitrary<JsonChange> = fc.record({
  place: fc.nat(10_000),
  what: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'rename', 'wrap', 'copy'),
  value: hostileValue,
});

export function changeJson(original: Json, changes: readonly JsonChange[]): Json {
  const holder: Json = { root: structuredClone(original) };
  for (const { place, what, value } of changes) {
    const places = placesIn(holder);
    const [object, key] = places[place % places.length]!;
    if (what === 'replace') set(object, key, structuredClone(value));
    else if (what === 'wrap') set(object, key, place % 2 === 0 ? [object[key]] : { value: object[key] });
    else if (what === 'copy')
      set(
        object,
        key,
        structuredClone(placesIn(holder)[(place * 7) % places.length]!.reduce((at: Json, one: Json) => at[one])),
      );
    else if (Array.isArray(object)) object.splice(Number(key), 1);
    else {
      if (what === 'rename' && object !== holder)
        set(object, typeof value === 'string' ? value : `${key}_`, object[key]);
      if (object !== holder) Reflect.deleteProperty(object, key);
    }
  }
  return holder.root;
}

/** `__proto__` becomes a key like any other, as it is in a text of JSON. */
function set(object: Json, key: string, value: Json): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(value: Json): [Json, string][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.keys(value).flatMap((key) => [[value, key] as [Json, string], ...placesIn(value[key])]);
}
