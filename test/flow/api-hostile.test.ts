import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import request from 'supertest';
import { OPERATOR_TOKEN, type TestApi, type TestMerchant, testApi, like } from '../support/api';

/** Whatever is sent, wherever: an answer below 500, in the form of a problem, that tells nothing of the inside. */
let api: TestApi;
let merchant: TestMerchant;
let server: Server;

beforeAll(async () => {
  api = await testApi();
  merchant = await api.merchant();
  server = createServer(api.app).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await api.close();
});

const ID = '00000000-0000-7000-8000-000000000000';

/** Every route, with ids that are well formed and of nothing. */
const ROUTES: readonly (readonly [string, string])[] = [
  ['POST', '/admin/merchants'],
  ['GET', '/admin/merchants'],
  ['GET', `/admin/merchants/mer_${ID}`],
  ['POST', `/admin/merchants/mer_${ID}/suspend`],
  ['POST', `/admin/merchants/mer_${ID}/api-keys`],
  ['DELETE', `/admin/merchants/mer_${ID}/api-keys/key_${ID}`],
  ['PUT', `/admin/merchants/mer_${ID}/fee-plans/USD`],
  ['PUT', `/admin/merchants/mer_${ID}/points-rules/USD`],
  ['GET', `/admin/merchants/mer_${ID}/fee-plans`],
  ['POST', `/admin/merchants/mer_${ID}/accounts`],
  ['GET', '/admin/accounts'],
  ['GET', `/admin/accounts/acc_${ID}`],
  ['POST', `/admin/accounts/acc_${ID}/close`],
  ['GET', '/admin/points-accounts'],
  ['GET', '/admin/incidents'],
  ['POST', '/v1/orders'],
  ['GET', '/v1/orders'],
  ['GET', `/v1/orders/ord_${ID}`],
  ['GET', '/v1/orders/by-number/1'],
  ['POST', `/v1/orders/ord_${ID}/close`],
  ['GET', '/v1/accounts'],
  ['GET', `/v1/accounts/acc_${ID}/entries`],
  ['GET', '/v1/customers/anna/points'],
  ['GET', '/healthz'],
  ['POST', '/callbacks/none'],
];

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers?: readonly string[];
  readonly body?: Buffer | string;
}

interface Answer {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** Speaks HTTP over a bare socket, because clients mend what they are given. */
function send({ method, path, headers = [], body }: Sent): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  const token = path.startsWith('/v1') ? merchant.key : OPERATOR_TOKEN;
  const bytes = body === undefined ? undefined : Buffer.from(body as string);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: test',
    'Connection: close',
    `Authorization: Bearer ${token}`,
    ...(bytes === undefined ? [] : [`Content-Length: ${bytes.length}`]),
    ...headers,
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const parts: Buffer[] = [];
    socket.on('data', (data) => parts.push(data));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      const [head = '', ...rest] = Buffer.concat(parts).toString().split('\r\n\r\n');
      const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
      if (Number.isNaN(status)) reject(new Error(`no answer to ${method} ${path.slice(0, 80)}: ${head}`));
      else resolve({ status, head, body: rest.join('\r\n\r\n') });
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
    if (bytes !== undefined) socket.write(bytes);
  });
}

const codeOf = (answer: Answer): string => (JSON.parse(answer.body) as { code: string }).code;

function expectHarmless(answer: Answer): void {
  expect(answer.status).toBeLessThan(500);
  expect(answer.head).toMatch(/x-request-id: \S+/i);
  expect(answer.head).not.toMatch(/x-powered-by/i);
  expect(answer.body).not.toMatch(/node_modules|\.ts:\d|at \w+ \(|select |insert /);
  if (answer.status >= 400) {
    expect(answer.head).toMatch(/content-type: application\/problem\+json/i);
    expect(JSON.parse(answer.body)).toMatchObject({
      status: answer.status,
      code: like(/^[a-z_]+$/),
      request_id: like(/./),
    });
  }
}

const json = ['Content-Type: application/json'];
const deep = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);
const BODIES: Readonly<Record<string, readonly [readonly string[], Buffer | string]>> = {
  'no content type': [[], '{}'],
  'a form': [['Content-Type: application/x-www-form-urlencoded'], 'a=b'],
  'broken JSON': [json, '{"a":'],
  'a bare word': [json, 'null'],
  'a number': [json, '1e400'],
  'a list': [json, '[]'],
  'an empty object': [json, '{}'],
  'only white space': [json, '   '],
  'a NUL byte': [json, Buffer.from([0])],
  'an escaped NUL': [json, '{"name":"a\\u0000b","merchant_order_no":"\\u0000"}'],
  'half a surrogate pair': [json, '{"name":"\\ud800"}'],
  'half a surrogate pair in a key': [json, '{"metadata":{"\\udfff":"x"}}'],
  'invalid UTF-8': [json, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  'UTF-16': [['Content-Type: application/json; charset=utf-16'], Buffer.from('{}', 'utf16le')],
  'a prototype': [json, '{"__proto__":{"name":"x"},"name":"x"}'],
  'a prototype within': [json, '{"name":"x","metadata":{"__proto__":"x"}}'],
  'a constructor': [json, '{"constructor":{"prototype":{"name":"x"}},"toString":1}'],
  'deep lists': [json, deep('[', ']', 30_000)],
  'deep objects': [json, `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  'deep where a value stands': [json, `{"name":${deep('[', ']', 20_000)}}`],
  'many keys': [json, `{${Array.from({ length: 5_000 }, (_, i) => `"k${i}":1`).join(',')}}`],
  'numbers for texts': [json, '{"name":1,"merchant_order_no":1,"amount":1e308,"currency":{}}'],
  'repeated keys': [json, '{"name":"a","name":["b"]}'],
  'too much': [json, `{"name":"${'x'.repeat(70_000)}"}`],
  'gzip that is none': [[...json, 'Content-Encoding: gzip'], 'not gzip'],
  'an unknown encoding': [[...json, 'Content-Encoding: rot13'], '{}'],
  'a strange content type': [['Content-Type: application/json; charset=utf-8; charset=x'], '{}'],
};

it.each(Object.entries(BODIES))('%s as a body of every route', async (_name, [headers, body]) => {
  for (const [method, path] of ROUTES) expectHarmless(await send({ method, path, headers, body }));
});

const QUERIES = [
  'limit=0',
  'limit=101',
  'limit=-1',
  'limit=1e2',
  'limit=99999999999999999999',
  'limit=10&limit=20',
  'limit[]=1',
  'limit[a][b]=1',
  'cursor=',
  'cursor=%00',
  'cursor=%ff',
  'cursor=abc',
  'cursor=bnVsbA',
  `cursor=${Buffer.from('{"after":"\\u0000"}').toString('base64url')}`,
  `cursor=${Buffer.from('{"after":{"a":1}}').toString('base64url')}`,
  `cursor=${Buffer.from(`{"after":"${'9'.repeat(30)}"}`).toString('base64url')}`,
  `cursor=${Buffer.from(`{"after":"' or 1=1"}`).toString('base64url')}`,
  'status=%00',
  'status=nonsense',
  'owner=mer_1',
  'kind=%27%3B--',
  '__proto__=1',
  '__proto__[a]=1',
  'unknown=1',
  '%zz=1',
  'a=%zz',
  '%',
  'a=1&'.repeat(2_000),
  '?'.repeat(1_000),
];
it.each(QUERIES.map((query) => [query.slice(0, 40), query]))('the query %s of every list', async (_name, query) => {
  for (const [, path] of ROUTES.filter(([method]) => method === 'GET')) {
    expectHarmless(await send({ method: 'GET', path: `${path}?${query}` }));
  }
});

const PIECES = [
  '%00',
  '%zz',
  '%',
  '%ff',
  '%c0%80',
  '..%2f..%2f',
  '%2e%2e',
  'a'.repeat(8_000),
  "'",
  '%0d%0aX:%20y',
  '%ed%a0%80',
  '%F0%9F%92%A9',
];
it.each(PIECES.map((piece) => [piece.slice(0, 20), piece]))(
  'the piece %s wherever a path takes one',
  async (_name, piece) => {
    const paths = [
      `/${piece}`,
      `/admin/${piece}`,
      `/admin/merchants/${piece}`,
      `/admin/merchants/mer_${piece}/api-keys`,
      `/admin/merchants/mer_${ID}/api-keys/${piece}`,
      `/admin/accounts/${piece}`,
      `/v1/orders/${piece}`,
      `/v1/orders/by-number/${piece}`,
      `/v1/accounts/${piece}/entries`,
      `/v1/customers/${piece}/points`,
      `/callbacks/${piece}`,
    ];
    for (const path of paths) {
      for (const method of ['GET', 'POST', 'DELETE']) expectHarmless(await send({ method, path }));
    }
    const currency = await send({
      method: 'PUT',
      path: `/admin/merchants/mer_${ID}/fee-plans/${piece}`,
      headers: json,
      body: '{"rate":"0"}',
    });
    expectHarmless(currency);
  },
);

it('sends headers twice, empty, and strange', async () => {
  const headers = [
    ['X-Request-Id: a', 'X-Request-Id: b'],
    ['X-Request-Id: <script>'],
    ['Authorization: Bearer other'],
    ['Content-Type: application/json', 'Content-Type: text/plain'],
    ['Idempotency-Key: a', 'Idempotency-Key: b'],
    ['Idempotency-Key:'],
    [`Idempotency-Key: ${'k'.repeat(4_000)}`],
    ['Accept: nothing/at-all'],
    ['If-None-Match: *', 'Range: bytes=0-1'],
    ['X-Forwarded-For: 1', 'X-Http-Method-Override: DELETE'],
  ];
  for (const some of headers) {
    for (const [method, path] of ROUTES) {
      const body = method === 'GET' ? {} : { body: '{}' };
      expectHarmless(await send({ method, path, headers: some, ...body }));
    }
  }
});

it('says which method a path takes, and answers HEAD and OPTIONS', async () => {
  const cases: [string, string, string | undefined][] = [
    ['DELETE', '/v1/orders', 'GET, HEAD, POST'],
    ['PATCH', `/admin/merchants/mer_${ID}/fee-plans/USD`, 'PUT'],
    ['GET', '/callbacks/card', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
    ['DELETE', '/v1/orders/by-number/a%2Fb', 'GET, HEAD'],
  ];
  for (const [method, path, allow] of cases) {
    const answer = await send({ method, path });
    expect([answer.status, /^allow: (.*)$/im.exec(answer.head)?.[1]]).toEqual([405, allow]);
    expectHarmless(answer);
  }
  for (const path of ['/', '/nothing', '/v1/nothing', '/admin', '/v1/orders/ord_1/nothing']) {
    const answer = await send({ method: 'GET', path });
    expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
  }
  expect(await send({ method: 'HEAD', path: '/v1/orders' })).toMatchObject({ status: 200, body: '' });
  expect(await send({ method: 'OPTIONS', path: '/v1/orders' })).toMatchObject({
    status: 200,
    head: like(/Allow: GET, HEAD, POST/),
  });
  expect((await send({ method: 'TRACE', path: '/v1/orders' })).status).toBe(405);
});

it.each([
  ['nothing', undefined],
  ['another scheme', 'Basic cWtfOng='],
  ['a wrong token', 'Bearer wrong'],
  ['an empty token', 'Bearer '],
  ['a key that nobody has', `Bearer qk_00000000_${'A'.repeat(43)}`],
  ['a huge token', `Bearer ${'x'.repeat(5_000)}`],
])('lets nobody in with %s', async (_name, authorization) => {
  for (const path of ['/v1/orders', '/v1/nothing', '/admin/merchants', '/admin/nothing']) {
    const sent = request(api.app).post(path).send({ name: 'x' });
    if (authorization !== undefined) void sent.set('Authorization', authorization);
    const answer = await sent;
    expect([answer.status, (answer.body as { code: string }).code]).toEqual([401, 'unauthenticated']);
  }
});

it('names the fields that are wrong', async () => {
  const answer = await merchant.call('post', '/v1/orders', {
    amount: 1,
    currency: 'USD',
    merchant_order_no: '',
    splits: [{ account: 'acc_', amount: '1' }],
  });
  expect(answer.body).toMatchObject({
    type: 'urn:quittance:problem:invalid_request',
    title: 'The request is not valid',
    status: 400,
    code: 'invalid_request',
  });
  expect(answer.body.errors.map((field: { path: string }) => field.path).sort()).toEqual([
    'amount',
    'merchant_order_no',
    'splits[0].account',
  ]);
});

it('gives the caller’s request id back, and logs a fault with it and nothing of it in the answer', async () => {
  const mine = await api.admin('get', '/admin/merchants', undefined, { 'X-Request-Id': 'mine-1' });
  expect(mine.headers['x-request-id']).toBe('mine-1');
  api.log.length = 0;
  const answer = await api.admin('post', '/admin/faults/boom', {}, { 'X-Request-Id': 'boom-1' });
  expect([answer.status, answer.body]).toEqual([
    500,
    {
      type: 'urn:quittance:problem:internal',
      title: 'Something went wrong with us',
      status: 500,
      code: 'internal',
      detail: 'it was logged',
      request_id: 'boom-1',
    },
  ]);
  expect(JSON.parse(api.log[0]!)).toMatchObject({ request_id: 'boom-1', err: { message: 'secret internals' } });
});

it('takes a body of the full size, and not a byte that is not its own', async () => {
  const body = JSON.stringify({ name: 'x' });
  const padded = (bytes: number): string => body + ' '.repeat(bytes - body.length);
  const full = await send({ method: 'POST', path: '/admin/merchants', headers: json, body: padded(64 * 1024) });
  expect(full.status).toBe(201);
  const more = await send({ method: 'POST', path: '/admin/merchants', headers: json, body: padded(64 * 1024 + 1) });
  expect([more.status, codeOf(more)]).toEqual([413, 'body_too_large']);
});
