import type { MerchantId } from '../../src/core/ids';
import type { Announcement } from '../../src/notifications/notify';
import { ROOM_LIMITS } from '../../src/notifications/waiting-rooms';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type NotificationWorld, notificationWorld } from '../support/notification-world';
import { raiseFault } from '../support/raised-faults';
import { type World, startWorld } from '../support/world';

let world: NotificationWorld;
let server: MerchantServer;

beforeEach(async () => {
  world = await notificationWorld();
  server = await startMerchantServer();
});
afterEach(async () => {
  await server.close();
  await world.close();
});

const rows = (): Promise<object[]> =>
  world.query(`select n.status, n.attempts, n.lease_token is not null as claimed,
                      (select coalesce(json_agg(a.status order by a.number), '[]') from orders.notification_attempts a
                        where a.notification_id = n.id) as made
                 from orders.notifications n order by n.id`);

async function subscribed(url = server.url): Promise<MerchantId> {
  const merchantId = await world.merchant();
  const { secret } = await world.endpoint(merchantId, url);
  server.useSecrets(secret);
  return merchantId;
}

describe('what a process announces', () => {
  it('begins its first attempt in the same commit, and is sent behind it', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier();
    const announced = await world.announceHere(merchantId, notifier);
    expect(await rows()).toEqual([{ status: 'scheduled', attempts: 1, claimed: true, made: ['started'] }]);
    expect(server.received).toHaveLength(0);
    expect(announced.committed()).toEqual([]);
    await notifier.settled();
    expect(server.received.map(({ verified }) => verified)).toEqual([[true]]);
    expect(await rows()).toEqual([{ status: 'delivered', attempts: 1, claimed: false, made: ['succeeded'] }]);
  });

  it('is left to the schedule where the first attempt fails', async () => {
    server.script({ status: 500 });
    const merchantId = await subscribed();
    const notifier = world.notifier();
    (await world.announceHere(merchantId, notifier)).committed();
    await notifier.settled();
    expect(await rows()).toEqual([{ status: 'scheduled', attempts: 1, claimed: false, made: ['failed'] }]);
    const [next] = await world.query<{ seconds: number }>(
      `select extract(epoch from n.next_try_at - a.started_at)::float8 as seconds
         from orders.notifications n join orders.notification_attempts a on a.notification_id = n.id`,
    );
    // The standard schedule's second attempt comes after five seconds, with a tenth of jitter.
    expect(next!.seconds).toBeGreaterThanOrEqual(5);
    expect(next!.seconds).toBeLessThan(30);
  });

  it('gives its place back where nothing was committed', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier({ limits: { perEndpoint: 1 } });
    const failing = world.announceHere(merchantId, notifier, () => Promise.reject(new Error('spoilt')));
    await expect(failing).rejects.toThrow('spoilt');
    expect(await rows()).toEqual([]);
    // The endpoint has one place only.
    expect((await world.announceHere(merchantId, notifier)).committed()).toEqual([]);
    await notifier.settled();
    expect(server.received).toHaveLength(1);
  });

  it('is not sent again where it was announced before', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier();
    let told: readonly Announcement[] = [];
    const announced = await world.announceHere(merchantId, notifier, (_tx, list) => Promise.resolve((told = list)));
    announced.committed();
    await notifier.settled();
    expect((await world.announceAgain(told)).committed()).toEqual([]);
    await notifier.settled();
    expect(server.received).toHaveLength(1);
    expect(await rows()).toEqual([{ status: 'delivered', attempts: 1, claimed: false, made: ['succeeded'] }]);
  });

  it('is for the queue where its endpoint has no place', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier({ limits: { perEndpoint: 1 } });
    const first = await world.announceHere(merchantId, notifier);
    const second = await world.announceHere(merchantId, notifier);
    expect(await rows()).toMatchObject([{ claimed: true }, { attempts: 0, claimed: false, made: [] }]);
    const due = second.committed();
    expect(due).toHaveLength(1);
    first.committed();
    await notifier.handle(due);
    await notifier.settled();
    expect(server.received).toHaveLength(2);
    expect(await rows()).toMatchObject([{ status: 'delivered' }, { status: 'delivered' }]);
  });

  it('is for the queue where its endpoint wants to be told later', async () => {
    const merchantId = await world.merchant();
    await world.endpoint(merchantId, server.url, { schedule: [60] });
    const announced = await world.announceHere(merchantId, world.notifier());
    expect(announced.committed()).toEqual([]);
    expect(await rows()).toEqual([{ status: 'scheduled', attempts: 0, claimed: false, made: [] }]);
  });

  it('is for the queue while the process stops', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier();
    await notifier.drain();
    expect((await world.announceHere(merchantId, notifier)).committed()).toHaveLength(1);
    expect(await rows()).toEqual([{ status: 'scheduled', attempts: 0, claimed: false, made: [] }]);
  });

  it('is tried again by others where the process died behind the commit, as one that was cut off', async () => {
    const merchantId = await subscribed();
    await world.announceHere(merchantId, world.dyingNotifier());
    const other = world.notifier();
    expect(await other.findOverdue(100)).toEqual([]);
    const announced = await world.query<{ id: string }>('select id from orders.notifications');
    await other.handle(announced.map(({ id }) => id));
    await other.settled();
    expect(server.received).toHaveLength(0);
    await world.makeDue();
    await other.handle(await other.findOverdue(100));
    await other.settled();
    expect(server.received).toHaveLength(1);
    expect(await rows()).toEqual([{ status: 'delivered', attempts: 2, claimed: false, made: ['failed', 'succeeded'] }]);
  });

  it('keeps a process from stopping until it is committed or not', async () => {
    const merchantId = await subscribed();
    const notifier = world.notifier();
    const announced = await world.announceHere(merchantId, notifier);
    let drained = false;
    const draining = notifier.drain().then(() => (drained = true));
    await world.query('select 1');
    expect(drained).toBe(false);
    announced.committed();
    await draining;
    expect(server.received).toHaveLength(1);
    expect(await rows()).toMatchObject([{ status: 'delivered' }]);
  });
});

describe('a decision that fails', () => {
  let service: World;
  beforeEach(async () => {
    service = await startWorld();
  });
  // Stopping waits for every place that is kept.
  afterEach(() => service.stop(), 20_000);

  it('gives back the places that were kept for its notifications', async () => {
    const [merchant, channel] = [await service.merchant(), await service.channel()];
    await service.v1(merchant, 'post', '/endpoints', { url: server.url, schedule: [0, 60] });
    const pay = async (): Promise<number> =>
      (await service.send(channel, service.paid(channel, await service.order(merchant)))).status;
    const { firstPlaces } = ROOM_LIMITS;
    const inOrders = async (sql: string): Promise<object[]> =>
      (await service.test.databases.orders.knex.raw<{ rows: object[] }>(sql)).rows;
    const table = 'orders.notification_attempts';
    const fault = await raiseFault(inOrders, { table, on: 'insert', upTo: firstPlaces });
    for (let failed = 0; failed < firstPlaces; failed += 1) expect(await pay()).toBeGreaterThanOrEqual(500);
    expect(await fault.times()).toBe(firstPlaces);
    expect(await pay()).toBe(204);
    for (let round = 0; round < 400 && server.received.length === 0; round += 1)
      await new Promise((resolve) => setTimeout(resolve, 25));
    expect(server.received).toHaveLength(1);
  });
});
