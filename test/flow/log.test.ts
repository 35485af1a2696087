import { randomBytes } from 'node:crypto';
import { readTraceparent } from '../../src/core/traceparent';
import { type CapturedLog, type Line, capturedLog } from '../support/captured-log';
import { mortalDatabases } from '../support/crash-points';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type TestRedis, describeWithRedis, startRedis } from '../support/redis';
import { until } from '../support/scenario';
import { NO_QUEUE } from '../support/service-world';
import { everyVendorBank } from '../support/vendor-callbacks';
import { type Channel, type Json, type Merchant, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** What the log says of a payment, and what it never says. */
let world: World;
let log: CapturedLog;
let server: MerchantServer;
let merchant: Merchant;
let channel: Channel;
let secret: string;
let order: Json;
/** Ends what a test has beside its world, also where it fails. */
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  log = capturedLog();
  server = await startMerchantServer();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await world.stop();
  await server.close();
});

async function begin(options: Parameters<typeof startWorld>[0] = {}): Promise<void> {
  world = await startWorld({ logger: log.logger, answerBudgetMs: 30_000, ...options });
  [merchant, channel] = [await world.merchant(), await world.channel()];
  ({ secret } = await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url }));
  order = await world.order(merchant);
}

const aHeader = (): string => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;

const linesOf = (lines: readonly Line[], header: string): Line[] =>
  lines.filter((line) => line['trace_id'] === readTraceparent(header)!.traceId);
const eventsOf = (lines: readonly Line[], header: string): unknown[] =>
  linesOf(lines, header)
    .map((line) => line['event'])
    .sort();

const WHOLE_PAYMENT = [
  'callback.accepted',
  'http.answered',
  'notification.delivered',
  'outbox.consumed',
  'payment.decided',
];

async function followsAPayment(options: Parameters<typeof startWorld>[0]): Promise<void> {
  await begin(options);
  const header = aHeader();
  const request = world
    .send(channel, world.paid(channel, order))
    .set({ traceparent: header, 'X-Request-Id': 'bank-1' });
  await request.expect(204);
  await world.quiet();
  await until('all of it is logged', () => eventsOf(log.lines(), header).length >= WHOLE_PAYMENT.length);
  expect(eventsOf(log.lines(), header)).toEqual(WHOLE_PAYMENT);
  const line = (event: string): Line => linesOf(log.lines(), header).find((one) => one['event'] === event)!;
  expect(line('callback.accepted')).toMatchObject({ level: 20, channel: channel.name, request_id: 'bank-1' });
  const [ids] = await world.query<{ receipt: string; gid: string; message: string; notification: string }>(
    `select r.id as receipt, t.gid, o.id as message, n.id as notification
       from orders.receipts r, orders.global_transactions t, orders.outbox o, orders.notifications n`,
  );
  expect(line('payment.decided')).toMatchObject({
    level: 30,
    outcome: 'order_paid',
    receipt: `rcp_${ids!.receipt}`,
    order: order.id,
    transaction: `gtx_${ids!.gid}`,
    merchant: merchant.id,
    channel: channel.name,
    amount: '100.00',
    currency: 'USD',
    span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  expect(line('outbox.consumed')).toMatchObject({
    message: `msg_${ids!.message}`,
    event_key: ids!.receipt,
    attempt: 1,
  });
  expect(line('notification.delivered')).toMatchObject({
    notification: `ntf_${ids!.notification}`,
    order: order.id,
    http_status: 200,
    span_id: readTraceparent(server.received[0]?.traceparent)!.spanId,
  });
  await world.mustBeSound();
}

it('follows a payment by its trace, with the queue on PostgreSQL', () => followsAPayment({}));

describeWithRedis('with the queue on Redis', () => {
  let redis: TestRedis;
  beforeEach(async () => {
    redis = (await startRedis())!;
  });
  afterEach(() => redis.close());
  it('follows a payment by its trace', () => followsAPayment({ redisUrl: redis.url }));
});

it('follows a payment through a crash into the process that goes on', async () => {
  await begin({ working: false });
  const mortal = mortalDatabases(world.test.databases, { schema: 'orders', commit: 1, side: 'after' });
  const dying = await startWorld({
    on: { test: { ...world.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: world.masterKey },
    working: false,
    transactionDeadlineMs: 300,
    answerBudgetMs: 100,
  });
  ends.push(mortal.goOn, () => dying.stop());
  const header = aHeader();
  await dying.send(channel, world.paid(channel, order)).set('traceparent', header).expect(503);
  await mortal.stopped;
  const other = capturedLog();
  const second = await startWorld({ on: world, logger: other.logger });
  ends.push(() => second.stop());
  await world.quiet();
  await until('all of it is logged', () => eventsOf(other.lines(), header).length >= 3);
  expect(eventsOf(other.lines(), header)).toEqual(['notification.delivered', 'outbox.consumed', 'payment.decided']);
  await world.mustBeSound();
});

it('says one line of a cause, whatever waits for it', async () => {
  await begin();
  await world.query(`alter table orders.outbox add constraint poison check (payload ->> 'gross' <> '6.66')`);
  const poisoned = await world.order(merchant, { amount: '6.66' });
  const header = aHeader();
  await world.send(channel, world.paid(channel, poisoned)).set('traceparent', header).expect(503);
  await world.query('alter table orders.outbox drop constraint poison');
  await world.quiet();
  const failures = linesOf(log.lines(), header).filter((line) => line.level >= 40);
  expect(failures.map((line) => line['event'])).toEqual(['callback.failed']);
  expect(failures[0]?.['err']).toMatchObject({ type: expect.any(String), code: '23514', constraint: 'poison' });
  expect(JSON.stringify(failures)).not.toContain('Failing row');
  await world.mustBeSound();
});

it('writes ten refusals of a kind and counts the others', async () => {
  await begin();
  const { headers, body } = world.paid(channel, order);
  const forged = { headers, body: Buffer.concat([body, Buffer.from(' ')]) };
  for (let round = 0; round < 40; round += 1) await world.send(channel, forged).expect(401);
  await world.send(channel, { headers: {}, body }).expect(401);
  const refused = log.lines().filter((line) => line['event'] === 'callback.refused');
  expect(refused.map((line) => line['reason'])).toEqual([
    ...Array<string>(10).fill('signature_wrong'),
    'signature_missing',
  ]);
  expect(refused[0]).toMatchObject({ level: 40, channel: channel.name, provider: 'standard_webhooks' });
  expect(refused[0]).toHaveProperty('trace_id');
  expect(refused[0]).toHaveProperty('request_id');
});

it('never says a secret, at any level, whatever goes wrong', async () => {
  await begin();
  const banks = everyVendorBank();
  const channels = [];
  for (const bank of banks) channels.push(await world.channel(bank));
  for (const one of channels) {
    await world.send(one, world.paid(one, await world.order(merchant)));
    await world.send(one, { headers: { authorization: 'Basic c2VjcmV0OnNlY3JldA==' }, body: Buffer.from('{}') });
  }
  server.script({ status: 500, body: 'Set-Cookie: merchant-session' }, 'reset');
  await world.send(channel, world.paid(channel, order)).expect(204);
  await world.http.get('/v1/orders').set('Authorization', 'Bearer qk_00000000_of-nobody').expect(401);
  await world.http.get('/admin/incidents').set('Authorization', 'Bearer not-the-operator').expect(401);
  // Rows with sealed secrets, keys and customers fail in the database, which repeats them in its errors.
  for (const table of ['merchants', 'channels', 'channel_keys', 'notification_endpoints', 'orders', 'api_keys']) {
    await world.query(`alter table orders.${table} add constraint poison check (false) not valid`);
  }
  const headers = { Authorization: `Bearer ${OPERATOR_TOKEN}` };
  await world.http.post('/admin/merchants').set(headers).send({ name: 'x' }).expect(500);
  await world.http.post(`/admin/merchants/${merchant.id}/api-keys`).set(headers).send({ name: 'x' }).expect(500);
  const wanted = { merchant_order_no: 'n1', amount: '1.00', currency: 'USD', customer: 'anna@example.org' };
  await world.http.post('/v1/orders').set('Authorization', `Bearer ${merchant.key}`).send(wanted).expect(500);
  const made = { name: 'poisoned', provider: 'stripe', receiving_account: 'a', live: true, merchants: 'all' };
  const [stripe] = banks.filter((bank) => bank.provider === 'stripe');
  await world.http
    .post('/admin/channels')
    .set(headers)
    .send({ ...made, keys: stripe!.keys() })
    .expect(500);
  // And somebody logs whole objects.
  log.logger.trace(
    { req: { headers: { authorization: `Bearer ${merchant.key}`, cookie: merchant.key } } },
    'a request',
  );
  log.logger.trace({ endpoint: { secret, nested: { api_key: merchant.key } }, keys: banks[0]!.keys() }, 'an endpoint');
  log.logger.error({ err: Object.assign(new Error('it failed'), { detail: merchant.key, headers: { secret } }) }, 'it');

  const sealed = await world.query<{ secret: string }>('select sealed_secret as secret from orders.channel_keys');
  const secrets = [
    OPERATOR_TOKEN,
    merchant.key,
    secret,
    world.masterKey.toString('base64'),
    'c2VjcmV0OnNlY3JldA==',
    'merchant-session',
    'qk_00000000_of-nobody',
    'not-the-operator',
    'anna@example.org',
    ...sealed.map((row) => row.secret),
    ...[channel.bank, ...banks].flatMap((bank) => bank.keys().map((key) => key.secret)),
  ];
  const text = log.text();
  for (const one of secrets) expect(text.includes(JSON.stringify(one).slice(1, -1))).toBe(false);
  expect(log.lines().filter((line) => line['event'] === 'http.failed')).toHaveLength(4);
  expect(text).toContain('[secret]');
});
