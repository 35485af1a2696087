import { Client } from 'pg';
import { OPERATIONS_DEFAULTS } from '../../src/config-operations';
import { PATIENT, until } from '../support/scenario';
import { type World, startWorld } from '../support/world';

/** Too much of something is turned away, whoever does it, and nobody else is hurt. */
let world: World;
afterEach(() => world.stop());

const limits = (changes: Partial<typeof OPERATIONS_DEFAULTS.limits>) => ({
  operations: { limits: { ...OPERATIONS_DEFAULTS.limits, ...changes } },
});

it('an API key has its quota, is told how it stands, and another key has its own', async () => {
  world = await startWorld(limits({ apiKeyPerSecond: 1 }));
  const [one, other] = [await world.merchant(), await world.merchant()];
  const ask = (key: string) => world.http.get('/v1/orders').set('Authorization', `Bearer ${key}`);
  const first = await ask(one.key);
  expect(first.status).toBe(200);
  expect(first.headers).toMatchObject({ 'ratelimit-policy': '"api-key";q=10;w=10', ratelimit: '"api-key";r=9;t=10' });
  for (let more = 0; more < 9; more += 1) await ask(one.key);
  const refused = await ask(one.key);
  expect([refused.status, refused.body]).toEqual([429, expect.objectContaining({ code: 'rate_limited', status: 429 })]);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused.headers['ratelimit']).toMatch(/^"api-key";r=0;t=\d+$/);
  expect((await ask(other.key)).status).toBe(200);
});

it('an answer 429 is not kept for the idempotency key', async () => {
  world = await startWorld(limits({ apiKeyPerSecond: 1 }));
  const merchant = await world.merchant();
  const order = (): Promise<{ status: number }> =>
    world.http
      .post('/v1/orders')
      .set('Authorization', `Bearer ${merchant.key}`)
      .set('Idempotency-Key', 'the-same')
      .send({ amount: '1.00', currency: 'USD', merchant_order_no: '1' });
  const statuses: number[] = [];
  for (let one = 0; one < 12; one += 1) statuses.push((await order()).status);
  expect(statuses).toEqual([...Array<number>(10).fill(201), 429, 429]);
});

it('an address that guesses tokens is not listened to, and a token that works is heard all the same', async () => {
  world = await startWorld(limits({ failedAuthenticationsPerMinute: 5 }));
  const [known, unknown] = [await world.merchant(), await world.merchant()];
  const ask = async (key: string): Promise<number> =>
    (await world.http.get('/v1/orders').set('Authorization', `Bearer ${key}`)).status;
  expect(await ask(known.key)).toBe(200);
  const guess = (): string => `qk_00000000_${'A'.repeat(43)}`;
  const guesses: number[] = [];
  for (let one = 0; one < 7; one += 1) guesses.push(await ask(guess()));
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429, 429]);
  // One limit over all doors: metrics and operator's API too.
  expect((await world.http.get('/metrics').set('Authorization', 'Bearer wrong')).status).toBe(429);
  expect((await world.http.post('/admin/merchants').set('Authorization', 'Bearer wrong').send({})).status).toBe(429);
  expect(await ask(known.key)).toBe(200);
  expect(await ask(unknown.key)).toBe(429);
  await world.admin('get', '/merchants');
});

it('a forger is turned away unverified, the bank beside it is credited, and its own address stays open to it', async () => {
  world = await startWorld({
    operations: { trustProxy: ['loopback'], limits: { ...OPERATIONS_DEFAULTS.limits, refusedCallbacksPerMinute: 5 } },
  });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const order = await world.order(merchant);
  const genuine = world.paid(channel, order);
  const from = (address: string, body: Buffer) =>
    world.http
      .post(`/callbacks/${channel.name}`)
      .set(genuine.headers)
      .set('X-Forwarded-For', address)
      .send(body.toString());
  const forged = Buffer.from(genuine.body.toString().replace('100', '999'));
  const answers: number[] = [];
  for (let one = 0; one < 8; one += 1) answers.push((await from('203.0.113.9', forged)).status);
  expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
  const turnedAway = await from('203.0.113.9', genuine.body);
  expect([turnedAway.status, turnedAway.body.code]).toEqual([429, 'rate_limited']);
  expect(Number(turnedAway.headers['retry-after'])).toBeGreaterThan(0);
  expect((await from('198.51.100.1', genuine.body)).status).toBe(204);
  await world.quiet();
  expect(await world.balance(merchant)).toBe('100.00');
  await world.mustBeSound();
});

it('verified callbacks beyond the limit of their channel are put off in the bank’s own words, and settle later', async () => {
  world = await startWorld(limits({ channelPerSecond: 3 }));
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const orders = await Promise.all(Array.from({ length: 12 }, () => world.order(merchant)));
  const callbacks = orders.map((order) => world.paid(channel, order));
  const answers = await Promise.all(callbacks.map((callback) => world.send(channel, callback)));
  const putOff = answers.filter((answer) => answer.status === 503);
  expect(putOff.length).toBeGreaterThan(0);
  expect(putOff.every((answer) => answer.headers['retry-after'] === '1')).toBe(true);
  for (const callback of callbacks) {
    for (let tries = 0; (await world.send(channel, callback)).status !== 204; tries += 1) {
      if (tries > 100) throw new Error('it is never taken');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  await world.quiet();
  expect(await world.balance(merchant)).toBe('1200.00');
  await world.mustBeSound();
});

it('more than can be answered in time is turned away at once, and settles when the bank calls again', async () => {
  // What has been unanswered for two seconds does not count: those pass only where the test says so.
  let standing: number | undefined;
  const clock = { now: () => new Date(), elapsed: () => standing ?? performance.now() };
  world = await startWorld({ clock, operations: { mostCallbacksInFlight: 2 }, ...PATIENT });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const orders = await Promise.all(Array.from({ length: 20 }, () => world.order(merchant)));
  const callbacks = orders.map((order) => world.paid(channel, order));
  const blocker = new Client({ connectionString: world.test.urls.orders });
  await blocker.connect();
  await blocker.query('begin; lock table orders.receipts in exclusive mode');
  standing = clock.elapsed();
  const told: unknown[] = [];
  const answering = callbacks.map(async (callback) => {
    const { status, body, headers } = await world.send(channel, callback);
    told.push([status, body.code, headers['retry-after']]);
    return status;
  });
  // Without the lock whatever was let in is answered, also where that is too much.
  await until('all but two are told', () => told.length >= 18).finally(() => blocker.end());
  expect(told.slice(0, 18)).toEqual(Array(18).fill([503, 'overloaded', '15']));
  expect((await Promise.all(answering)).filter((status) => status === 204)).toHaveLength(2);
  standing = undefined;
  for (const callback of callbacks) {
    await until('it is taken', async () => (await world.send(channel, callback)).status === 204);
  }
  await world.quiet();
  expect(await world.balance(merchant)).toBe('2000.00');
  await world.mustBeSound();
});

it('nobody may say for himself from where he comes: without TRUST_PROXY the header counts for nothing', async () => {
  world = await startWorld(limits({ failedAuthenticationsPerMinute: 3 }));
  const statuses: number[] = [];
  for (let one = 0; one < 5; one += 1) {
    const answer = await world.http
      .get('/v1/orders')
      .set('X-Forwarded-For', `203.0.113.${one}`)
      .set('Authorization', 'Bearer x');
    statuses.push(answer.status);
  }
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
});
