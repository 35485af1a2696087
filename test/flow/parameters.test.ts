import fc from 'fast-check';
import { statement } from '../../src/consistency/transaction';
import { type TestDatabases, testDatabases } from '../support/databases';

let test: TestDatabases;
beforeAll(async () => {
  test = await testDatabases();
});
afterAll(() => test.close());

const ECHO = statement(
  'test.parameters.echo',
  `select coalesce(array_to_json($1::uuid[]), 'null') as uuids, coalesce(array_to_json($2::text[]), 'null') as texts,
          coalesce(array_to_json($3::jsonb[]), 'null') as documents, $4::int[] as numbers`,
);
// PostgreSQL keeps neither NUL nor half a surrogate pair, whatever the format.
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(fc.constantFrom('"', '\\', '\n', '\t', '{', '}', ',', 'NULL', ' ', '\u001f', '€', '😀'))
    .map((parts) => parts.join('')),
);

it('lists of any content, with nulls and without elements, arrive as they were', async () => {
  const lists = fc.record({
    uuids: fc.array(fc.option(fc.uuid())),
    texts: fc.array(fc.option(text)),
    documents: fc.array(
      fc.option(fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean()), { noNullPrototype: true })),
    ),
    numbers: fc.array(fc.integer({ min: -5, max: 5 })),
  });
  await fc.assert(
    fc.asyncProperty(lists, async ({ uuids, texts, documents, numbers }) => {
      const sent = documents.map((one) => (one === null ? null : JSON.stringify(one)));
      const [row] = await test.databases.orders.query(ECHO, [uuids, texts, sent, numbers]);
      expect(row).toEqual({ uuids, texts, documents, numbers });
    }),
    { numRuns: 60 },
  );
});

it('what is no UUID is refused by the server, and what is no list is sent as it is', async () => {
  await expect(test.databases.orders.query(ECHO, [['x'], [], [], []])).rejects.toThrow(
    /invalid input syntax for type uuid/,
  );
  expect(await test.databases.orders.query(ECHO, [null, null, null, null])).toEqual([
    { uuids: null, texts: null, documents: null, numbers: null },
  ]);
});
