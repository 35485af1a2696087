import fc, { type Arbitrary } from 'fast-check';

/** A change of bytes, with a name for the report of a failure. */
export interface Mutation {
  readonly name: string;
  apply(bytes: Buffer): Buffer;
}

const BOMS = [Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
/** Bytes that mean something to a reader of JSON, forms, headers or UTF-8. */
const TELLING = Array.from('{}[]",:\\/&=%+;. \t\r\n0-9eEtT')
  .map((character) => Buffer.from(character))
  .concat([Buffer.from([0]), Buffer.from([0xff]), Buffer.from([0xc0, 0x80]), Buffer.from([0xed, 0xa0, 0x80])]);

/** A place in bytes of any length: a part of it, so that one arbitrary serves every callback. */
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const piece = fc.oneof(
  fc.constantFrom(...TELLING),
  fc.uint8Array({ minLength: 1, maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
);
const at = (bytes: Buffer, where: number): number => Math.floor(where * bytes.length);

function mutation(name: string, apply: (bytes: Buffer) => Buffer): Mutation {
  return { name, apply };
}

const local: Arbitrary<Mutation> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, mask]) =>
    mutation(`flip ${mask} at ${where}`, (bytes) => {
      const changed = Buffer.from(bytes);
      const index = at(bytes, where);
      if (changed.length > 0) changed[index] = (changed[index] ?? 0) ^ mask;
      return changed;
    }),
  ),
  fc.tuple(place, piece).map(([where, added]) =>
    mutation(`insert ${added.toString('hex')} at ${where}`, (bytes) => {
      const index = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, index), added, bytes.subarray(index)]);
    }),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(([where, length]) =>
    mutation(`delete ${length} at ${where}`, (bytes) => {
      const index = at(bytes, where);
      return Buffer.concat([bytes.subarray(0, index), bytes.subarray(index + length)]);
    }),
  ),
  fc.tuple(place, fc.integer({ min: 1, max: 60 }), place).map(([from, length, to]) =>
    mutation(`repeat ${length} of ${from} at ${to}`, (bytes) => {
      const start = at(bytes, from);
      const index = at(bytes, to);
      return Buffer.concat([bytes.subarray(0, index), bytes.subarray(start, start + length), bytes.subarray(index)]);
    }),
  ),
);

/** What a proxy, a library or a person does to a text that they believe to be the same. */
const whole: Arbitrary<Mutation> = fc.constantFrom(
  mutation('emptied', () => Buffer.alloc(0)),
  mutation('twice', (bytes) => Buffer.concat([bytes, bytes])),
  mutation('with a line feed', (bytes) => Buffer.concat([bytes, Buffer.from('\n')])),
  mutation('with a NUL', (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])),
  mutation('with CRLF', (bytes) => Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')),
  mutation('in UTF-16', (bytes) => Buffer.from(bytes.toString(), 'utf16le')),
  mutation('in UTF-16 with BOM', (bytes) => Buffer.from(`\ufeff${bytes.toString()}`, 'utf16le')),
  mutation('latin1 taken for UTF-8', (bytes) => Buffer.from(bytes.toString('latin1'))),
  mutation('in NFD', (bytes) => Buffer.from(bytes.toString().normalize('NFD'))),
  mutation('in NFKC', (bytes) => Buffer.from(bytes.toString().normalize('NFKC'))),
  mutation('in capitals', (bytes) => Buffer.from(bytes.toString().toUpperCase())),
  mutation('reversed', (bytes) => Buffer.from(bytes).reverse()),
  ...BOMS.map((bom) => mutation(`BOM ${bom.toString('hex')}`, (bytes) => Buffer.concat([bom, bytes]))),
);

export const byteMutation: Arbitrary<Mutation> = fc.oneof(
  { weight: 8, arbitrary: local },
  { weight: 2, arbitrary: whole },
);
