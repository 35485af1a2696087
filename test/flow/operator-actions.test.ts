import { operatorOf } from '../../src/config-operators';
import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import * as app from '../../src/http/app';
import { type OperatorActions, createOperatorActions } from '../../src/operator-actions/record-operator-actions';
import { verifyActions } from '../../src/operator-actions/verify-actions';
import { mortalDatabases } from '../support/crash-points';
import { type Json, type World, startWorld } from '../support/world';

/** Nobody changes anything below /admin unrecorded, and no record holds a secret or can be changed. */
const ALICE = 'alice-token-of-the-tests-only';
const ID = '00000000-0000-7000-8000-000000000000';
const createApp = jest.spyOn(app, 'createApp');
let world: World;

beforeAll(async () => {
  world = await startWorld({ operators: [operatorOf('alice', ALICE), operatorOf('alice', `${ALICE}-new`)] });
});
afterAll(async () => {
  await world.quiet();
  await world.mustBeSound();
  await world.stop();
});

interface Recorded {
  readonly number: string;
  readonly kind: string;
  readonly [column: string]: unknown;
}
const recorded = (after = '0'): Promise<Recorded[]> =>
  world.query<Recorded>('select * from orders.operator_actions where number > $1 order by number', [after]);
const newest = async (): Promise<string> =>
  (await world.query<{ n: string }>('select coalesce(max(number), 0)::text as n from orders.operator_actions'))[0]!.n;
const call = (method: 'get' | 'post' | 'put' | 'delete' | 'patch', path: string, token = ALICE): Json =>
  world.http[method](`/admin${path}`).set('Authorization', `Bearer ${token}`);

/** Every route below /admin that may change something: of described operations and of plain routers alike. */
function mutatingRoutes(): readonly (readonly [method: string, path: string])[] {
  const deps = createApp.mock.calls[0]![0];
  const uploads = (deps as { uploads?: typeof deps.operator }).uploads ?? [];
  return [...deps.operator, ...uploads].flatMap(({ path, routes }) => {
    const router = 'operations' in routes ? routes.router : routes;
    return router.stack.flatMap(({ route }) => {
      const methods = Object.keys((route as unknown as { methods?: object } | undefined)?.methods ?? {});
      const whole = `${path}/${route?.path ?? ''}`.replaceAll(/\/+/g, '/').replace(/(?<=.)\/$/, '');
      return methods.filter((method) => method !== 'get').map((method) => [method, whole] as const);
    });
  });
}

it('records every route that may change something, twice', async () => {
  const routes = mutatingRoutes();
  expect(routes.length).toBeGreaterThan(20);
  const missing: string[] = [];
  for (const [method, path] of routes) {
    const before = await newest();
    const filled = path.replaceAll(/:([a-z]+)[a-z_]*/g, (_, name: string) => `${name.slice(0, 3)}_${ID}`);
    await call(method as 'post', filled).send({});
    const rows = await recorded(before);
    const [intent, outcome] = rows;
    const isWhole =
      rows.length === 2 &&
      intent?.['operator'] === 'alice' &&
      intent['path'] === `/admin${filled}` &&
      outcome?.['action_id'] === intent['action_id'] &&
      Number(outcome?.['status']) > 0;
    if (!isWhole)
      missing.push(`${method} ${path}: ${JSON.stringify(rows.map((row) => [row.kind, row['path'], row['status']]))}`);
  }
  expect(missing).toEqual([]);
});

it('says who, when and what, with the ids of both sides, and what came of it', async () => {
  const trace = '0af7651916cd43dd8448eb211c80319c';
  const made = await call('post', '/merchants')
    .set({ 'x-request-id': 'r-1', traceparent: `00-${trace}-b7ad6b7169203331-01` })
    .send({ name: 'Recorded' });
  await call('post', `/merchants/${made.body.id}/suspend`, `${ALICE}-new`);
  const { data } = (await call('get', `/operator-actions?subject=${made.body.id}`)).body;
  expect(data).toMatchObject([
    { operator: 'alice', method: 'POST', path: `/admin/merchants/${made.body.id}/suspend`, outcome: { status: 200 } },
    {
      operator: 'alice',
      body: { name: 'Recorded' },
      request_id: 'r-1',
      trace_id: trace,
      outcome: { status: 201, created: made.body.id, problem: null, replayed: false },
    },
  ]);
  expect((await call('get', `/operator-actions/${data[0].id}`)).body).toEqual(data[0]);
  expect((await call('get', `/operator-actions/opa_${ID}`)).status).toBe(404);
});

it('records what is refused, what does not exist, what cannot be read, and what is no JSON', async () => {
  const before = await newest();
  await call('post', '/merchants').send({ name: '' });
  await call('patch', '/merchants').send({ name: 'x' });
  await call('delete', '/nothing/at/all');
  await call('post', '/merchants').set('content-type', 'application/json').send('{"name": ');
  await call('post', '/merchants')
    .set({ 'content-type': 'text/csv', 'content-digest': 'sha-256=:abc=:' })
    .send('a;b\n1;2');
  await call('post', '/merchants').send({ name: 'x'.repeat(100_000) });
  const rows = await recorded(before);
  expect(rows.filter((row) => row.kind === 'outcome').map((row) => [row['status'], row['problem']])).toEqual([
    [400, 'invalid_request'],
    [405, 'method_not_allowed'],
    [404, 'not_found'],
    [400, 'invalid_json'],
    [415, 'unsupported_media_type'],
    [413, 'body_too_large'],
  ]);
  expect(rows[8]).toMatchObject({
    body: null,
    content_type: 'text/csv',
    content_length: '7',
    content_digest: 'sha-256=:abc=:',
  });
});

it('records a text that is longer than what is kept of it, wherever it is cut', async () => {
  const before = await newest();
  const answer = await call('post', `/incidents/inc_${ID}/resolve`).send({ note: `${'x'.repeat(499)}😀` });
  expect([answer.status, (await recorded(before)).length]).toEqual([404, 2]);
});

it('records nothing of reads, and nothing of strangers', async () => {
  const before = await newest();
  await call('get', '/merchants');
  await world.http.head('/admin/merchants').set('Authorization', `Bearer ${ALICE}`);
  await call('post', '/merchants', 'a-token-that-nobody-has-at-all').send({ name: 'x' });
  await world.http.post('/admin/merchants').send({ name: 'x' });
  expect(await recorded(before)).toEqual([]);
});

it('says of a repetition that nothing was done', async () => {
  const before = await newest();
  const send = (): Json => call('post', '/merchants').set('Idempotency-Key', 'twice-the-same').send({ name: 'Twice' });
  const [first, second] = [await send(), await send()];
  expect(second.body).toEqual(first.body);
  const outcomes = (await recorded(before)).filter((row) => row.kind === 'outcome');
  expect(outcomes.map((row) => [row['status'], row['replayed'], row['created']])).toEqual([
    [201, false, first.body.id],
    [201, true, first.body.id],
  ]);
});

it('keeps no secret, whatever field it was sent in', async () => {
  const secrets = [
    'whsec_c2VjcmV0LW9mLXRoZS10ZXN0cy1vbmx5',
    'hunter2-hunter2',
    'qk_abcdefgh_0123456789012345678901234567890123456789012',
    'p4ssw0rd',
  ];
  const [whsec, hunter, key, password] = secrets as [string, string, string, string];
  const channel = {
    name: 'with-secrets',
    provider: 'standard_webhooks',
    receiving_account: 'x',
    live: true,
    merchants: 'all',
    settings: { deep: { api_token: hunter, list: [{ private_key: hunter }] } },
    keys: [{ purpose: 'webhook_secret', secret: whsec }],
  };
  await call('post', '/channels').send(channel);
  await call('post', `/channels/chn_${ID}/keys`).send({ purpose: 'webhook_secret', secret: hunter });
  await call('post', `/incidents/inc_${ID}/notes`).send({
    note: `the key ${key} leaked to https://u:${password}@example.com`,
  });
  await call('post', `/incidents/inc_${ID}/notes?token=${hunter}`).send({ note: 'x', secert: hunter, [key]: 1 });
  await call('post', '/merchants')
    .set('Idempotency-Key', key)
    .send({ name: `key ${key}` });
  const { merchant } = { merchant: await world.merchant() };
  const [row] = await world.query<{ all: string }>(
    `select string_agg(a::text, ' ') as all from orders.operator_actions a`,
  );
  for (const secret of [...secrets, ALICE, merchant.key])
    expect([secret, row!.all.includes(secret)]).toEqual([secret, false]);
  expect(row!.all).toContain('[redacted]');
  expect(row!.all).toContain('webhook_secret');
});

it('does nothing that it cannot record', async () => {
  await world.query('alter table orders.operator_actions add constraint full_disk check (false) not valid');
  const refused = await call('post', '/merchants').send({ name: 'Unrecorded' });
  await world.query('alter table orders.operator_actions drop constraint full_disk');
  expect([refused.status, refused.body.code]).toEqual([503, 'unavailable']);
  expect(await world.query(`select 1 from orders.merchants where name = 'Unrecorded'`)).toEqual([]);
  expect((await call('post', '/merchants').send({ name: 'Unrecorded' })).status).toBe(201);
});

it('leaves the intent of an action over which the process died', async () => {
  // The commits of this process on the orders database: the intent, the merchant, and then nothing is answered any more.
  const { databases, stopped, goOn } = mortalDatabases(world.test.databases, {
    schema: 'orders',
    commit: 2,
    side: 'after',
  });
  const dying = await startWorld({
    on: { test: { ...world.test, databases }, masterKey: world.masterKey },
    working: false,
  });
  const before = await newest();
  void dying.admin('post', '/merchants', { name: 'Last act' }).catch(() => undefined);
  await stopped;
  expect((await recorded(before)).map((row) => row.kind)).toEqual(['intent']);
  const { data } = (await call('get', '/operator-actions?limit=1')).body;
  expect(data).toMatchObject([{ operator: 'operator', body: { name: 'Last act' }, outcome: null }]);
  goOn();
  await dying.stop();
});

it('is one chain however many act at once, and is found by operator, operation and time', async () => {
  const before = Number(await newest());
  await Promise.all(Array.from({ length: 30 }, (_, i) => call('post', '/merchants').send({ name: `Crowd ${i}` })));
  expect(Number(await newest())).toBe(before + 60);
  const report = await verifyActions(world.test.databases.orders, createSealer([world.masterKey]));
  expect(report).toMatchObject({ records: before + 60, broken: undefined });
  const found = async (query: string): Promise<Json[]> => (await call('get', `/operator-actions?${query}`)).body.data;
  expect((await found('operator=operator&limit=100')).every((one) => one.operator === 'operator')).toBe(true);
  expect((await found('operation=noteIncident')).length).toBeGreaterThan(0);
  const [first] = await found('limit=1');
  expect(await found(`from=${first.at}&to=${first.at}`)).toEqual([]);
  expect((await call('get', '/operator-actions?from=yesterday')).status).toBe(400);
  const page = (await call('get', '/operator-actions?limit=7')).body;
  const next = (await call('get', `/operator-actions?limit=7&cursor=${page.next_cursor}`)).body;
  const numbers = [...page.data, ...next.data].map((one: Json) => Number(one.number));
  expect(numbers).toEqual(numbers.toSorted((a, b) => b - a));
  expect(new Set(numbers).size).toBe(14);
});

it('is one chain also where several processes record at once', async () => {
  const one = (): OperatorActions =>
    createOperatorActions({
      db: world.test.databases.orders,
      ids: createIds(systemClock),
      sealer: createSealer([world.masterKey]),
      logger: { info: () => undefined },
    });
  const processes = [one(), one(), one()];
  const intent = {
    ...{ operator: 'alice', operation: null, method: 'POST', path: '/admin/x', query: null, body: null, subjects: [] },
    ...{ contentType: null, contentLength: null, contentDigest: null, requestId: 'r', traceId: null },
    ...{ clientAddress: null, idempotencyKey: null },
  };
  const before = Number(await newest());
  for (let round = 0; round < 10; round++) await Promise.all(processes.map((each) => each.begin(intent)));
  expect(Number(await newest())).toBe(before + 30);
  expect((await verifyActions(world.test.databases.orders, createSealer([world.masterKey]))).broken).toBeUndefined();
});

it('cannot be updated, deleted or truncated', async () => {
  for (const text of [
    `update orders.operator_actions set operator = 'eve'`,
    'delete from orders.operator_actions',
    'truncate orders.operator_actions',
  ]) {
    await expect(world.query(text)).rejects.toThrow(/append-only/);
  }
});

describe('whoever gets past the triggers', () => {
  const head = async (): Promise<{ number: string; hash: string }> => {
    const [row] = await world.query<{ number: string; hash: string }>(
      'select number::text, hash from orders.operator_actions order by number desc limit 1',
    );
    return row!;
  };
  it.each([
    ['another operator', `update orders.operator_actions set operator = 'eve' where number = 1`, 1],
    ['another body', `update orders.operator_actions set body = '{"x":1}' where number = 3`, 3],
    ['another time', `update orders.operator_actions set at = at + interval '1 microsecond' where number = 4`, 4],
    ['one taken out', 'delete from orders.operator_actions where number = 5', 6],
    ['the end cut off', 'delete from orders.operator_actions where number > 10', 'seen'],
    ['another signature', `update orders.operator_actions set signature = repeat('0', 64) where number = 6`, 6],
  ] as const)('is found by the chain: %s', async (_name, change, place) => {
    const seen = await head();
    await world.query('create table kept as select * from orders.operator_actions');
    await world.query('alter table orders.operator_actions disable trigger operator_actions_append_only');
    try {
      await world.query(change);
      const report = await verifyActions(world.test.databases.orders, createSealer([world.masterKey]), seen);
      expect(report.broken?.record).toBe(place === 'seen' ? seen.number : String(place));
      if (place !== 'seen') expect((await world.audit()).guarantees[6]!.count).toBeGreaterThan(0);
    } finally {
      await world.query('delete from orders.operator_actions');
      await world.query('insert into orders.operator_actions select * from kept');
      await world.query('alter table orders.operator_actions enable trigger operator_actions_append_only');
      await world.query('drop table kept');
    }
  });
});
