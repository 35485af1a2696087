import { Redis } from 'ioredis';
import { startMerchantServer } from '../support/merchant-server';
import { describeWithRedis, startRedis } from '../support/redis';
import { startWorld } from '../support/world';

describeWithRedis('FLUSHALL while notifications are scheduled', () => {
  it('changes no schedule: each goes on where it was, when its time has come', async () => {
    const redis = await startRedis();
    if (redis === undefined) throw new Error('this test is for machines with a redis-server');
    const world = await startWorld({ redisUrl: redis.url });
    const shop = await startMerchantServer();
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.v1(merchant, 'post', '/endpoints', { url: shop.url, schedule: [0, 3600, 7200] });
    shop.usually({ status: 500 });
    for (let one = 0; one < 4; one += 1) {
      await world.send(channel, world.paid(channel, await world.order(merchant))).expect(204);
    }
    const untilEach = async (condition: string): Promise<void> => {
      const deadline = Date.now() + 60_000;
      for (;;) {
        const rows = await world.query(`select 1 from orders.notifications where ${condition}`);
        if (rows.length === 4) return;
        if (Date.now() > deadline) throw new Error(`only ${rows.length} became ${condition}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    };
    await untilEach(`attempts = 1 and status = 'scheduled' and lease_token is null`);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
    const [wait] = await world.query<{ shortest: number }>(
      `select min(extract(epoch from n.next_try_at - a.started_at))::float8 as shortest
         from orders.notifications n join orders.notification_attempts a on a.notification_id = n.id`,
    );
    expect(wait!.shortest).toBeGreaterThan(3_500);

    shop.usually({ status: 200 });
    await world.query(`update orders.notifications set next_try_at = clock_timestamp()`);
    await untilEach(`attempts = 2 and status = 'delivered'`);
    expect(shop.received).toHaveLength(8);
    await world.mustBeSound();
    await shop.close();
    await world.stop();
    await redis.close();
  });
});
