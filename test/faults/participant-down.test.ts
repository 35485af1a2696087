import { createPools } from '../../src/database/pools';
import type { SchemaName } from '../../src/consistency/transaction';
import { testDatabases } from '../support/databases';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** One of four databases is away: what needs it waits and settles later, and what does not need it goes on. */
const BUDGET_MS = 4_000;

let world: World;
let proxy: TcpProxy;
let stop: () => Promise<void>;
let merchant: Merchant;
let channel: Channel;

async function begin(away: SchemaName): Promise<void> {
  const test = await testDatabases({ separate: true });
  const through = new URL(test.urls[away]);
  proxy = await startTcpProxy({ host: through.hostname, port: Number(through.port) });
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  const urls = { ...test.urls, [away]: through.toString() };
  const pools = createPools(urls);
  const on = { test: { databases: pools.databases, urls, close: () => pools.close() }, masterKey: Buffer.alloc(32, 1) };
  world = await startWorld({ on, answerBudgetMs: BUDGET_MS, transactionDeadlineMs: 6_000 });
  [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  stop = async () => {
    await world.stop();
    await pools.close();
    await proxy.down();
    await test.close();
  };
  // Connections are made and accounts are opened.
  await send(await world.order(merchant, { customer: 'anna' }), 204);
  await world.quiet();
}

jest.setTimeout(400_000);
afterEach(() => stop());

/** Sends the callback of an order once; the bank has its answer soon after the budget at the latest. */
async function send(order: Json, status: 204 | 503): Promise<void> {
  const startedAt = Date.now();
  const answer = await world.send(channel, world.paid(channel, order));
  expect([answer.status, answer.headers['retry-after'] !== undefined]).toEqual([status, status === 503]);
  expect(Date.now() - startedAt).toBeLessThan(BUDGET_MS + 2_000);
}

const orders = (count: number, changes: object = {}): Promise<Json[]> =>
  Promise.all(Array.from({ length: count }, () => world.order(merchant, changes)));

async function mustSettle(paid: number, points: number): Promise<void> {
  await world.quiet(120_000);
  expect(await world.balance(merchant)).toBe(`${paid * 100}.00`);
  expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: String(points * 100) });
  expect(await world.incidents()).toEqual([]);
  await world.mustBeSound();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const OUTAGES = [
  ['cut', () => proxy.down()],
  [
    'silent, and its connections stay dead',
    () => {
      proxy.hang();
      return Promise.resolve();
    },
  ],
] as const;

describe.each(OUTAGES)('a database that is %s', (_, fail) => {
  it('points: orders without points are paid all the time, the others when it is back', async () => {
    await begin('points');
    const [before, plain] = [await orders(6, { customer: 'anna' }), await orders(10)];
    await fail();
    await Promise.all([...before.map((order) => send(order, 503)), ...plain.map((order) => send(order, 204))]);
    for (const order of await orders(5)) await send(order, 204);
    await until(async () => (await world.balance(merchant)) === '1600.00');
    await proxy.up();
    await mustSettle(22, 7);
    for (const order of await orders(3, { customer: 'anna' })) await send(order, 204);
    await mustSettle(25, 10);
  });

  it('accounts: callbacks are answered in time, and everything settles when it is back', async () => {
    await begin('accounts');
    const [plain, granted] = [await orders(10), await orders(5, { customer: 'anna' })];
    await fail();
    await Promise.all([...plain, ...granted].map((order) => send(order, 503)));
    await proxy.up();
    await mustSettle(16, 6);
  });

  it('orders: nothing is acknowledged, and everything settles when it is back and the bank calls again', async () => {
    await begin('orders');
    const callbacks = (await orders(10, { customer: 'anna' })).map((order) => world.paid(channel, order));
    await fail();
    for (const answer of await Promise.all(callbacks.map((callback) => world.send(channel, callback)))) {
      expect(answer.status).toBe(503);
    }
    await proxy.up();
    await until(async () => {
      const answers = await Promise.all(callbacks.map((callback) => world.send(channel, callback)));
      return answers.every(({ status }) => status === 204);
    });
    // The queue was away too: the time passes for which its hints are trusted.
    await world.query(`update orders.outbox set enqueued_until = clock_timestamp() where status = 'due'`);
    await mustSettle(11, 11);
  });
});
