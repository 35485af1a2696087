import { Redis } from 'ioredis';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type TestRedis, describeWithRedis, startRedis } from '../support/redis';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** The queue holds only hints: whatever becomes of it, books and merchants get what they are due. */
let world: World;
let shop: MerchantServer;
let merchant: Merchant;
let channel: Channel;
let redis: TestRedis | undefined;

async function begin(redisUrl?: string): Promise<void> {
  world = await startWorld(redisUrl === undefined ? {} : { redisUrl });
  shop = await startMerchantServer();
  [merchant, channel] = [await world.merchant(), await world.channel()];
  const endpoint = await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: shop.url });
  shop.useSecrets(endpoint.secret);
}

afterEach(async () => {
  await shop.close();
  await world.stop();
  // Last, because what says goodbye to a Redis that is gone keeps the process for another two seconds.
  await redis?.close();
  redis = undefined;
});

async function pay(count: number): Promise<Json[]> {
  const orders = await Promise.all(Array.from({ length: count }, () => world.order(merchant)));
  await Promise.all(orders.map((order) => world.send(channel, world.paid(channel, order)).expect(204)));
  return orders;
}

/** Lets the time pass for which a hint to the queue is trusted, again and again, until nothing is under way. */
async function quietWithoutHints(): Promise<void> {
  for (let round = 0; round < 600; round += 1) {
    await world.query(`update orders.outbox set enqueued_until = clock_timestamp() where status = 'due'`);
    await world.query(`update orders.notifications set enqueued_until = clock_timestamp() where status = 'scheduled'`);
    const isQuiet = await world.quiet(100).then(
      () => true,
      () => false,
    );
    if (isQuiet) return;
  }
  await world.quiet(0);
}

async function mustHaveSettled(orders: readonly Json[]): Promise<void> {
  expect(await world.balance(merchant)).toBe(`${orders.length * 100}.00`);
  const [{ count }] = (await world.query('select count(*) from accounting.vouchers')) as [{ count: string }];
  expect(count).toBe(String(orders.length));
  expect(shop.received.every(({ verified }) => verified[0])).toBe(true);
  const told = shop.received.map(({ body }) => JSON.parse(body));
  expect(new Set(told.map(({ type, data }) => `${type} ${data.id}`))).toEqual(
    new Set(orders.map(({ id }) => `order.paid ${id}`)),
  );
  await world.mustBeSound();
}

describe('with the queue in PostgreSQL', () => {
  it('every payment has its voucher and its notification', async () => {
    await begin();
    const orders = await pay(20);
    await world.quiet();
    expect(shop.received).toHaveLength(20);
    await mustHaveSettled(orders);
  });

  it('the loss of every job in the middle loses nothing', async () => {
    await begin();
    const paying = pay(60);
    // A truncation that loses a deadlock with the queue, or gets no lock in time, has lost nothing: once more then.
    const lose = async (): Promise<void> => {
      const deadline = Date.now() + 60_000;
      for (let times = 0; times < 10;) {
        const isLost = await world.query('truncate bullmq.job cascade').then(
          () => true,
          (error: unknown) => {
            if (Date.now() > deadline) throw error;
            return false;
          },
        );
        if (isLost) times += 1;
      }
    };
    const [orders] = await Promise.all([paying, lose()]);
    await quietWithoutHints();
    await mustHaveSettled(orders);
  });
});

describeWithRedis('with the queue in Redis', () => {
  let server: TestRedis;
  beforeEach(async () => {
    const started = await startRedis();
    if (started === undefined) throw new Error('these tests are for machines with a redis-server');
    redis = server = started;
    await begin(server.url);
  });

  it('every payment has its voucher and its notification', async () => {
    const orders = await pay(20);
    await world.quiet();
    expect(shop.received).toHaveLength(20);
    await mustHaveSettled(orders);
  });

  it('FLUSHALL in the middle loses nothing', async () => {
    const client = new Redis(server.url);
    const paying = pay(60);
    const flush = async (): Promise<void> => {
      for (let times = 0; times < 20; times += 1) await client.flushall();
    };
    const [orders] = await Promise.all([paying, flush()]);
    client.disconnect();
    await quietWithoutHints();
    await mustHaveSettled(orders);
  });

  it('kill -9 in the middle loses nothing, while Redis is away and when it is back', async () => {
    const [before] = await Promise.all([pay(40), server.kill()]);
    const away = await pay(10);
    await quietWithoutHints();
    await mustHaveSettled([...before, ...away]);
    await server.start();
    const after = await pay(10);
    await quietWithoutHints();
    await mustHaveSettled([...before, ...away, ...after]);
  });
});
