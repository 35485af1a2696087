import { randomBytes } from 'node:crypto';
import { readTraceparent } from '../../src/core/traceparent';
import { mortalDatabases } from '../support/crash-points';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { until } from '../support/scenario';
import { NO_QUEUE } from '../support/service-world';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** One trace follows a payment through everything that comes of it, whichever process does it and however late. */
let world: World;
let server: MerchantServer;
let merchant: Merchant;
let channel: Channel;
let order: Json;
/** Ends what a test has beside its world, also where it fails. */
const ends: (() => unknown)[] = [];

beforeEach(async () => {
  server = await startMerchantServer();
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await world.stop();
  await server.close();
});

async function begin(options: Parameters<typeof startWorld>[0] = {}): Promise<void> {
  world = await startWorld(options);
  [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
  order = await world.order(merchant);
}

function aTrace(): { traceId: string; header: string } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, header: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
}

const traceIdOf = (traceparent: string | null): string | undefined => readTraceparent(traceparent ?? '')?.traceId;

/** The traces of the rows of a table, oldest row first. */
async function tracesIn(table: string): Promise<(string | undefined)[]> {
  const rows = await world.query<{ traceparent: string | null }>(`select traceparent from orders.${table} order by id`);
  return rows.map((row) => traceIdOf(row.traceparent));
}

it('a payment carries the trace of its callback to its voucher and its notification', async () => {
  await begin();
  const { traceId, header } = aTrace();
  await world.send(channel, world.paid(channel, order)).set('traceparent', header).expect(204);
  await world.quiet();
  for (const table of ['inbox_events', 'receipts', 'outbox', 'notifications']) {
    expect([table, await tracesIn(table)]).toEqual([table, [traceId]]);
  }
  const told = readTraceparent(server.received[0]?.traceparent);
  expect(told).toMatchObject({ traceId, sampled: true });
  const [row] = await world.query<{ traceparent: string }>('select traceparent from orders.notifications');
  // The attempt is a span of its own below the callback's.
  expect(told?.spanId).not.toBe(readTraceparent(row?.traceparent)?.spanId);
  expect(header).not.toContain(told?.spanId);
  await world.mustBeSound();
});

it('a repetition has a trace of its own, and the receipt keeps the first one', async () => {
  await begin();
  const [first, second] = [aTrace(), aTrace()];
  const providerReference = `pay${randomBytes(8).toString('hex')}`;
  const say = (eventId: string) => world.send(channel, world.paid(channel, order, { providerReference, eventId }));
  await say('first').set('traceparent', first.header).expect(204);
  await say('second').set('traceparent', second.header).expect(204);
  await world.quiet();
  expect(await tracesIn('inbox_events')).toEqual([first.traceId, second.traceId]);
  expect(await tracesIn('receipts')).toEqual([first.traceId]);
  await world.mustBeSound();
});

it.each([
  ['its first commit', { schema: 'orders', commit: 1, side: 'after' }],
  ['its decision', { schema: 'orders', commit: 2, side: 'after' }],
] as const)('a process that goes on after a crash behind %s continues the trace', async (_, point) => {
  await begin({ working: false });
  const mortal = mortalDatabases(world.test.databases, point);
  const dying = await startWorld({
    on: { test: { ...world.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: world.masterKey },
    working: false,
    transactionDeadlineMs: 300,
    answerBudgetMs: 100,
  });
  ends.push(mortal.goOn, () => dying.stop());
  const { traceId, header } = aTrace();
  await dying.send(channel, world.paid(channel, order)).set('traceparent', header).expect(503);
  await mortal.stopped;
  const second = await startWorld({ on: world });
  ends.push(() => second.stop());
  await world.query(`update orders.outbox set enqueued_until = clock_timestamp()`);
  await world.query(`update orders.notifications set enqueued_until = clock_timestamp()`);
  await world.quiet();
  for (const table of ['outbox', 'notifications']) expect(await tracesIn(table)).toEqual([traceId]);
  expect(traceIdOf(server.received[0]!.traceparent)).toBe(traceId);
  await world.mustBeSound();
});

it('an order that its merchant closes is announced under the request, one that expires under a new trace', async () => {
  await begin();
  const { traceId, header } = aTrace();
  await world.http
    .post(`/v1/orders/${order.id}/close`)
    .set({ Authorization: `Bearer ${merchant.key}`, traceparent: header })
    .expect(200);
  await until('the closing is told', () => server.received.length === 1);
  const late = await world.order(merchant, { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
  await world.query('update orders.orders set expires_at = clock_timestamp() where id = $1', [late.id.slice(4)]);
  await until('the expiry is told', () => server.received.length === 2);
  await world.quiet();
  const [closed, expired] = server.received.map((one) => traceIdOf(one.traceparent));
  expect(closed).toBe(traceId);
  expect(expired).toMatch(/^[0-9a-f]{32}$/);
  expect(expired).not.toBe(traceId);
  expect(await tracesIn('notifications')).toEqual([closed, expired]);
  await world.mustBeSound();
});

it('an incident carries the trace of what reported it', async () => {
  await begin();
  const { traceId, header } = aTrace();
  await world
    .send(channel, world.paid(channel, order, { amount: '1.00' }))
    .set('traceparent', header)
    .expect(204);
  await world.quiet();
  expect(await tracesIn('incidents')).toEqual([traceId]);
  await world.mustBeSound();
});

it.each([
  ['too short', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331'],
  ['a trace of zeros', '00-00000000000000000000000000000000-b7ad6b7169203331-01'],
  ['a span of zeros', '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01'],
  ['capitals', '00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01'],
  ['version ff', 'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
  ['more than version 00 has', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more'],
  [
    'two of them',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01, 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ],
  ['far too long', `01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-${'x'.repeat(4_000)}`],
])('a traceparent that is not one (%s) begins a new trace', async (_, header) => {
  await begin();
  await world
    .send(channel, world.paid(channel, order))
    .set({ traceparent: header, tracestate: `a=${'b'.repeat(10_000)}` })
    .expect(204);
  await world.quiet();
  const [trace] = await tracesIn('receipts');
  expect(trace).toMatch(/^[0-9a-f]{32}$/);
  expect(header.toLowerCase()).not.toContain(trace);
});
