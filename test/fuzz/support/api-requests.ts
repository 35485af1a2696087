import { gzipSync } from 'node:zlib';
import fc, { type Arbitrary } from 'fast-check';
import type { ApiDocument, DocumentedOperation } from '../../support/api-document';
import type { Json } from '../../support/world';
import { type ApiFacts, CALLERS, type Caller, existing, parametersOf } from './api-facts';
import { type Mutation, byteMutation } from './byte-mutations';
import { type JsonChange, changeJson, hostileText, jsonChange } from './json-mutations';
import { choices, respellJson } from './spelling';

/** A request that was made of an operation's description, and what was done to it. */
export interface Attempt {
  readonly caller: Caller;
  /** Which of the things that there are it is about. */
  readonly pick: number;
  readonly path: readonly PathChange[];
  readonly query: readonly QueryChange[];
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: BodyChange;
  readonly chunked: boolean;
}

export interface BuiltRequest {
  readonly method: string;
  readonly target: string;
  readonly bytes: Buffer;
}

interface PathChange {
  readonly place: number;
  readonly value: Written;
}
interface QueryChange {
  readonly how: 'set' | 'twice' | 'in brackets';
  readonly place: number;
  readonly value: Written;
}
/** A text to be escaped properly, a piece of an address as it is, or something that there is. */
type Written =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'piece'; readonly text: string }
  | { readonly kind: 'id' | 'other letter' | 'in capitals' | 'cursor'; readonly nth: number };
type BodyChange =
  | { readonly kind: 'none' | 'as it is' }
  | { readonly kind: 'changed'; readonly changes: readonly JsonChange[]; readonly tape: readonly number[] }
  | { readonly kind: 'in other bytes'; readonly mutations: readonly Mutation[] }
  | { readonly kind: 'special'; readonly name: string };

/** What no client sends: half of an escape, bytes that are no UTF-8, ways up, control characters. */
const PIECES = [
  '',
  '%',
  '%zz',
  '%0',
  '%00',
  '%ff',
  '%c0%80',
  '%ed%a0%80',
  '%e2%80%ae',
  '%f0%9f%92%a9',
  '..',
  '%2e%2e',
  '..%2f..%2fetc%2fpasswd',
  '%2f',
  '%5c',
  ';a=b',
  '%0d%0aX-Injected:%201',
  '%25%30%30',
  'a'.repeat(4_000),
  '%41'.repeat(1_000),
  'by-number',
  'statement.csv',
  '{}',
  "'",
  '*',
  ':',
  '@',
];

/** What cursors hold, of every kind of list, and what none does. */
const afters: Arbitrary<Json> = fc.oneof(
  hostileText,
  fc.constantFrom<Json>(null, 7, {}, [], '9'.repeat(18), '0', '-1', `${'9'.repeat(19)}/${'f'.repeat(8)}`),
  fc.constantFrom('00000000-0000-7000-8000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'),
);
/** A cursor as lists give them, of our own making. */
const forged = (after: Json): string => Buffer.from(JSON.stringify({ after })).toString('base64url');
const forgedCursor = afters.map(forged);

const written: Arbitrary<Written> = fc.oneof(
  { weight: 4, arbitrary: hostileText.map((text) => ({ kind: 'text' as const, text })) },
  { weight: 3, arbitrary: fc.constantFrom(...PIECES).map((text) => ({ kind: 'piece' as const, text })) },
  { weight: 1, arbitrary: forgedCursor.map((text) => ({ kind: 'piece' as const, text })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'id' as const,
        'id' as const,
        'other letter' as const,
        'in capitals' as const,
        'cursor' as const,
      ),
      nth: fc.nat(10_000),
    }),
  },
);

const TYPES = [
  '',
  'text/plain',
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'application/json; charset=latin1',
  'application/json;charset="utf-8";charset=x',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=',
  'text/csv',
  'APPLICATION/VND.X+JSON',
  'application/json, application/json',
  '*/*',
  'a'.repeat(5_000),
];
/** What can stand in a header: no line breaks, no NUL. */
const headerText = hostileText.map((text) => text.replace(/[^\t\x20-\x7e\x80-\xff]/g, '\xff').slice(0, 3_000));
const header: Arbitrary<readonly [string, string]> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...TYPES).map((type) => ['Content-Type', type] as const) },
  fc
    .constantFrom('gzip', 'GZIP', 'deflate', 'br', 'identity', 'gzip, gzip', '')
    .map((it) => ['Content-Encoding', it] as const),
  { weight: 2, arbitrary: headerText.map((value) => ['Idempotency-Key', value] as const) },
  headerText.map((value) => ['X-Request-Id', value] as const),
  headerText.map((value) => ['traceparent', value] as const),
  headerText.map((value) => ['Authorization', value] as const),
  headerText.map((value) => ['Content-Digest', value] as const),
  fc.constantFrom(
    ['Accept', 'nothing/at-all'] as const,
    ['Accept', '*/*;q=a'] as const,
    ['Range', 'bytes=0-1,5-'] as const,
    ['If-None-Match', '*'] as const,
    ['If-Modified-Since', 'yesterday'] as const,
    ['X-Forwarded-For', '::1, 10.0.0.1, <x>'] as const,
    ['X-Forwarded-Proto', 'gopher'] as const,
    ['X-Http-Method-Override', 'DELETE'] as const,
    ['Connection', 'keep-alive, Host'] as const,
    ['Upgrade', 'h2c'] as const,
    ['__proto__', 'x'] as const,
    ['Cookie', `a=${'b'.repeat(4_000)}`] as const,
    ['Expect', '100-continue'] as const,
    ['Expect', 'miracles'] as const,
  ),
);

const deep = (open: string, inner: string, close: string): string => open.repeat(10_000) + inner + close.repeat(10_000);
const gzipped = gzipSync(Buffer.alloc(8 * 1024 * 1024, 32));
/** Bodies that say nothing that any operation knows, or too much. */
const SPECIAL: Readonly<Record<string, Buffer>> = Object.fromEntries(
  Object.entries({
    'deep lists': deep('[', '', ']'),
    'deep objects': deep('{"a":', '1', '}'),
    'deep where a value stands': `{"name":${deep('[', '', ']')},"metadata":${deep('{"a":', '1', '}')}}`,
    'lists that never end': '['.repeat(60_000),
    'a prototype': '{"__proto__":{"name":"x","admin":true},"name":"x"}',
    'a prototype within': '{"metadata":{"__proto__":"x"},"data":{"__proto__":{}}}',
    'a constructor': '{"constructor":{"prototype":{"name":"x"}},"toString":1,"hasOwnProperty":1,"then":{}}',
    'escaped NUL': '{"name":"a\\u0000b","\\u0000":1}',
    'half a pair': '{"name":"\\ud800","amount":"\\udfff"}',
    'half a pair as a key': '{"\\ud800":1}',
    'overlong UTF-8': Buffer.from([0x22, 0xc0, 0x80, 0xe0, 0x80, 0x80, 0x22]),
    'a surrogate in UTF-8': Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]),
    'UTF-16 with BOM': Buffer.from('\ufeff{"name":"x"}', 'utf16le'),
    'UTF-8 with BOM': Buffer.from('\ufeff{"name":"x"}'),
    'huge numbers': `{"amount":1e999,"limit":${'9'.repeat(400)},"version":-1e-400}`,
    'many keys': `{${Array.from({ length: 6_000 }, (_, nth) => `"k${nth}":1`).join(',')}}`,
    'one key very often': `{${Array.from({ length: 4_000 }, () => '"name":"x"').join(',')}}`,
    'a long text': `{"name":"${'x'.repeat(65_000)}"}`,
    'too much': ' '.repeat(70_000),
    'far too much': ' '.repeat(300_000),
    'what unpacks to much': gzipped,
    'nothing but space': ' \r\n\t',
    'a bare word': 'null',
    'a text': '"name"',
  }).map(([name, content]) => [name, Buffer.from(content as string)]),
);

const body: Arbitrary<BodyChange> = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ kind: 'none' as const }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'as it is' as const }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('changed' as const),
      changes: fc.array(jsonChange, { minLength: 1, maxLength: 3 }),
      tape: fc.array(fc.nat(1_000), { maxLength: 60 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('in other bytes' as const),
      mutations: fc.array(byteMutation, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('special' as const), name: fc.constantFrom(...Object.keys(SPECIAL)) }),
  },
);

const few = { maxLength: 2, size: 'max' } as const;
/** Anything that may be sent to an operation. Places are numbers, so that one arbitrary serves every operation. */
export const attempt: Arbitrary<Attempt> = fc.record({
  caller: fc.oneof(
    { weight: 8, arbitrary: fc.constant('right' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...CALLERS) },
  ),
  pick: fc.nat(1_000),
  path: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.array(fc.record({ place: fc.nat(10), value: written }), few),
  ),
  query: fc.array(
    fc.record({
      how: fc.constantFrom('set' as const, 'set' as const, 'twice' as const, 'in brackets' as const),
      place: fc.nat(100),
      value: written,
    }),
    few,
  ),
  headers: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, fc.array(header, few)),
  body,
  chunked: fc.boolean(),
});

/** The bytes of a request to an operation. */
export function buildRequest(
  document: ApiDocument,
  operation: DocumentedOperation,
  facts: ApiFacts,
  made: Attempt,
): BuiltRequest {
  const target = targetOf(document, operation, facts, made);
  const content = bodyOf(operation, facts, made);
  const token = facts.tokenOf(made.caller, operation);
  const changed = new Set(made.headers.map(([name]) => name.toLowerCase()));
  const usual: [string, string][] = [
    ['Host', 'service.test'],
    ...(token === undefined ? [] : [['Authorization', `Bearer ${token}`] as [string, string]]),
    ...(content === undefined ? [] : [['Content-Type', contentTypeOf(operation)] as [string, string]]),
  ];
  const lines = [...usual.filter(([name]) => !changed.has(name.toLowerCase())), ...made.headers];
  const framed = frame(content, made.chunked);
  const head = [
    `${operation.method.toUpperCase()} ${target} HTTP/1.1`,
    ...lines.map(([name, value]) => `${name}: ${value}`),
    ...framed.headers,
  ];
  const bytes = Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), framed.bytes]);
  return { method: operation.method, target, bytes };
}

function frame(content: Buffer | undefined, chunked: boolean): { headers: readonly string[]; bytes: Buffer } {
  if (content === undefined) return { headers: [], bytes: Buffer.alloc(0) };
  if (!chunked) return { headers: [`Content-Length: ${content.length}`], bytes: content };
  const parts: Buffer[] = [];
  for (let at = 0; at < content.length; at += 16_000) {
    const part = content.subarray(at, at + 16_000);
    parts.push(Buffer.from(`${part.length.toString(16)};x="y"\r\n`), part, Buffer.from('\r\n'));
  }
  return { headers: ['Transfer-Encoding: chunked'], bytes: Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]) };
}

function targetOf(
  document: ApiDocument,
  { path, described }: DocumentedOperation,
  facts: ApiFacts,
  { path: changes, query, pick }: Attempt,
): string {
  const parameters = parametersOf(document, described);
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  const values = new Map(
    names.map((name) => {
      const { example } = parameters.find((one) => one.in === 'path' && one.name === name);
      return [name, encodeURIComponent(existing(example, facts, pick, name))];
    }),
  );
  for (const { place, value } of changes) {
    if (names.length > 0) values.set(names[place % names.length]!, write(value, facts));
  }
  const known = parameters.filter((one) => one.in === 'query').map((one) => one.name as string);
  const askable = [...known, ...known, 'limit', 'cursor', 'from', 'unknown', '__proto__', 'constructor[prototype]'];
  const asked = parameters
    .filter((one) => one.in === 'query' && one.required === true)
    .map((one) => `${one.name}=${encodeURIComponent(existing(one.example, facts, pick, one.name))}`);
  for (const { how, place, value } of query) {
    const name = askable[place % askable.length]!;
    const isForged = name === 'cursor' && value.kind === 'text';
    const text = isForged ? forged(value.text).slice(0, 4_000) : write(value, facts);
    if (how === 'in brackets') asked.push(`${name}[a]=${text}`, `${name}[]=1`);
    else asked.push(...Array.from({ length: how === 'twice' ? 2 : 1 }, () => `${name}=${text}`));
  }
  const filled = path.replace(/\{(\w+)\}/g, (_match, name: string) => values.get(name)!);
  return asked.length === 0 ? filled : `${filled}?${asked.join('&')}`;
}

function write(value: Written, { ids, cursors }: ApiFacts): string {
  if (value.kind === 'piece') return value.text;
  if (value.kind === 'text') return escaped(value.text).slice(0, 6_000).replace(/%.?$/, '');
  if (value.kind === 'cursor') return cursors[value.nth % cursors.length]!;
  const id = ids[value.nth % ids.length]!;
  if (value.kind === 'id') return id;
  if (value.kind === 'in capitals') return id.toUpperCase();
  const at = value.nth % id.length;
  return `${id.slice(0, at)}${id[at] === 'a' ? 'b' : 'a'}${id.slice(at + 1)}`;
}

/** Byte by byte, because encodeURIComponent refuses half of a surrogate pair. */
function escaped(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) =>
      /[\w.~-]/.test(String.fromCharCode(byte)) ? String.fromCharCode(byte) : `%${byte.toString(16).padStart(2, '0')}`,
    )
    .join('');
}

function contentTypeOf({ described }: DocumentedOperation): string {
  return Object.keys(described.requestBody?.content ?? {})[0] ?? 'application/json';
}

function bodyOf({ described }: DocumentedOperation, facts: ApiFacts, { body: how, pick }: Attempt): Buffer | undefined {
  if (how.kind === 'none') return undefined;
  if (how.kind === 'special') return SPECIAL[how.name];
  const content: Json = Object.values(described.requestBody?.content ?? {})[0];
  const example: Json = content?.example ?? Object.values<Json>(content?.examples ?? {})[0]?.value;
  if (example === undefined) return how.kind === 'as it is' ? undefined : Buffer.from('{"surprise":true}');
  const genuine = alive(example, facts, pick);
  if (how.kind === 'changed' && typeof genuine !== 'string') {
    const changed = changeJson(genuine, how.changes);
    return Buffer.from(changed === undefined ? '' : respellJson(changed, choices(how.tape)));
  }
  const bytes: Buffer = Buffer.from(typeof genuine === 'string' ? genuine : JSON.stringify(genuine));
  return how.kind === 'in other bytes' ? how.mutations.reduce<Buffer>((all, { apply }) => apply(all), bytes) : bytes;
}

/** An example about things that there are. */
function alive(example: Json, facts: ApiFacts, pick: number): Json {
  if (typeof example === 'string') return existing(example, facts, pick);
  if (typeof example !== 'object' || example === null) return example;
  if (Array.isArray(example)) return example.map((one) => alive(one, facts, pick));
  return Object.fromEntries(Object.entries(example).map(([name, value]) => [name, alive(value, facts, pick)]));
}
