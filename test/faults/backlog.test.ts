import { createPools } from '../../src/database/pools';
import { testDatabases } from '../support/databases';
import { startTcpProxy } from '../support/tcp-proxy';
import { type Json, startWorld } from '../support/world';

jest.setTimeout(400_000);

const PAYMENTS = 600;

/** What an outage has left comes back by itself: oldest first, each tried seldom, and nobody needs to be called. */
it('drains what was left by an outage oldest first, without a stampede and without the bank', async () => {
  const test = await testDatabases({ separate: true });
  const through = new URL(test.urls.accounts);
  const proxy = await startTcpProxy({ host: through.hostname, port: Number(through.port) });
  Object.assign(through, { hostname: '127.0.0.1', port: String(proxy.port) });
  const urls = { ...test.urls, accounts: through.toString() };
  const pools = createPools(urls);
  const on = { test: { databases: pools.databases, urls, close: () => pools.close() }, masterKey: Buffer.alloc(32, 1) };
  const world = await startWorld({ on, transactionDeadlineMs: 3_000 });
  try {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const first = await world.order(merchant);
    await world.send(channel, world.paid(channel, first)).expect(204);
    const orders: Json[] = [];
    while (orders.length < PAYMENTS) {
      orders.push(...(await Promise.all(Array.from({ length: 25 }, () => world.order(merchant)))));
    }
    await world.quiet();

    await proxy.down();
    for (let start = 0; start < PAYMENTS; start += 25) {
      const list = orders.slice(start, start + 25);
      const answers = await Promise.all(list.map((order) => world.send(channel, world.paid(channel, order))));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
    }
    await proxy.up();
    // The latest comer finds no queue before it.
    const late = await world.order(merchant);
    let status = 503;
    while (status !== 204)
      ({ status } = await world.send(channel, world.paid(channel, late, { providerReference: 'late' })));
    await world.settled(120_000);

    const settled = await world.query<{ place: number; attempts: number }>(
      `select (row_number() over (order by r.received_at, r.id))::int as place,
              (select count(*) from orders.global_transactions t where t.receipt_id = r.id)::int as attempts
         from orders.receipts r where r.provider_reference <> 'late' order by r.decided_at, r.received_at, r.id`,
    );
    expect(settled).toHaveLength(PAYMENTS + 1);
    const displacement = settled.reduce((sum, { place }, index) => sum + Math.abs(place - index - 1), 0) / PAYMENTS;
    // At random it would be a third of them.
    expect(displacement).toBeLessThan(PAYMENTS / 10);
    expect(Math.max(...settled.map(({ attempts }) => attempts))).toBeLessThanOrEqual(3);
    expect(await world.incidents()).toEqual([]);
    expect(await world.balance(merchant)).toBe(`${(PAYMENTS + 2) * 100}.00`);
    await world.mustBeSound();
  } finally {
    await world.stop();
    await pools.close();
    await proxy.down();
    await test.close();
  }
});
