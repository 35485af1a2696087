import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { notificationWorld } from '../support/notification-world';
import { PATIENT, dyingProcess, settledInAHurry as settled, until } from '../support/scenario';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** Where webhooks of the field got lost, stuck or sent twice. More of it is in test/flow/notifications*.test.ts. */
let world: World;
let shop: MerchantServer;
let merchant: Merchant;
let channel: Channel;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startWorld(PATIENT);
});
beforeEach(async () => {
  shop = await startMerchantServer();
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await settled(world);
  await world.mustBeSound();
  await shop.close();
});
afterAll(() => world.stop());

const subscribe = (to: Merchant, url: string, schedule: readonly number[]): Promise<Json> =>
  world.v1(to, 'post', '/endpoints', { url, schedule });
const pay = async (from: Merchant): Promise<Json> => {
  const one = await world.order(from);
  await world.send(channel, world.paid(channel, one)).expect(204);
  return one;
};
/** The notifications of an order, with every attempt, as its merchant sees them. */
const told = async (one: Json): Promise<Json> =>
  (await world.v1(merchant, 'get', `/orders/${one.id}/notifications`)).data[0];
/** Lets the time of schedules pass, as the sweep would find it. */
const makeDue = async (): Promise<void> => {
  await world.query(
    `update orders.notifications set next_try_at = clock_timestamp(), enqueued_until = clock_timestamp()
      where status = 'scheduled' and attempts > 0 and lease_token is null`,
  );
};

it('one dead endpoint, with retries used up at the head of the queue, does not delay the others', async () => {
  const dead = await world.merchant();
  const silent = await startMerchantServer();
  silent.usually('silence');
  await subscribe(dead, silent.url, [0, 1, 1]);
  const gone = await world.merchant();
  const closed = await startMerchantServer();
  await closed.close();
  await subscribe(gone, closed.url, [0]);
  await subscribe(merchant, shop.url, [0, 60]);
  const exhausted = await pay(gone);
  await until('it is exhausted', async () => {
    const rows = await world.query(`select 1 from orders.notifications where status = 'exhausted'`);
    return rows.length === 1;
  });
  for (let one = 0; one < 20; one += 1) await pay(dead);
  const orders = [await pay(merchant), await pay(merchant), await pay(merchant)];
  await until('the others are told', () => shop.received.length === 3);
  expect(new Set(shop.received.map(({ body }) => JSON.parse(body).data.id))).toEqual(new Set(orders.map(({ id }) => id))); // prettier-ignore
  expect(silent.received.length).toBeGreaterThan(0);
  const { data } = await world.admin('get', `/incidents?order=${exhausted.id}`);
  expect(data).toMatchObject([{ kind: 'notification_exhausted' }]);
  await silent.close();
});

it('every attempt is recorded, with what was answered, before and after it is over', async () => {
  await subscribe(merchant, shop.url, [0, 1, 1]);
  let answer: () => void = () => undefined;
  const when = new Promise<void>((resolve) => (answer = resolve));
  shop.script({ status: 500, body: 'first' }, { status: 503, body: 'second' }, { status: 200, when });
  const one = await pay(merchant);
  for (const count of [1, 2]) {
    await until(`attempt ${count} has failed`, async () => (await told(one)).attempts[count - 1]?.status === 'failed');
    await makeDue();
  }
  await until('the third is under way', () => shop.received.length === 3);
  expect((await told(one)).attempts.map((attempt: Json) => attempt.status)).toEqual(['failed', 'failed', 'started']);
  answer();
  await until('it is delivered', async () => (await told(one)).status === 'delivered');
  expect((await told(one)).attempts).toMatchObject([
    { number: 1, status: 'failed', http_status: 500 },
    { number: 2, status: 'failed', http_status: 503 },
    { number: 3, status: 'succeeded', http_status: 200 },
  ]);
  expect(new Set(shop.received.map(({ id }) => id)).size).toBe(1);
});

it('retries do not stop silently: the last one tells a person, the merchant sees why, and it can be sent again', async () => {
  await subscribe(merchant, shop.url, [0, 1]);
  shop.usually({ status: 500 });
  const one = await pay(merchant);
  await until('the first has failed', async () => (await told(one)).attempts[0]?.status === 'failed');
  await makeDue();
  await until('it is exhausted', async () => (await told(one)).status === 'exhausted');
  expect(shop.received).toHaveLength(2);
  const { data } = await world.admin('get', `/incidents?order=${one.id}`);
  expect(data).toMatchObject([{ kind: 'notification_exhausted' }]);
  shop.usually({ status: 200 });
  await world.v1(merchant, 'post', `/notifications/${(await told(one)).id}/resend`);
  await until('it is delivered', async () => (await told(one)).status === 'delivered');
});

it('a notification row that is there already is not taken for sent: its process died before it sent it', async () => {
  await subscribe(merchant, shop.url, [0, 60]);
  const one = await world.order(merchant);
  const callback = world.paid(channel, one);
  const { world: dying, mortal } = await dyingProcess(
    world,
    { schema: 'orders', commit: 2, side: 'after' },
    { answerBudgetMs: 300 },
  );
  ends.push(() => dying.stop(), mortal.goOn);
  await dying.send(channel, callback).expect(503);
  await mortal.stopped;
  expect(await told(one)).toMatchObject({ status: 'scheduled', attempts: [] });
  // The bank calls again: the event is known, and the merchant has still heard nothing.
  await world.send(channel, callback).expect(204);
  expect(shop.received).toHaveLength(0);
  await world.query(`update orders.notifications set enqueued_until = clock_timestamp() where status = 'scheduled'`);
  await until('it is delivered', async () => (await told(one)).status === 'delivered');
  expect(shop.received).toHaveLength(1);
});

it('a DNS error is tried again, and the merchant hears when the name resolves again', async () => {
  await subscribe(merchant, 'http://nobody.invalid/hook', [0, 60, 60]);
  const one = await pay(merchant);
  await until('the name was not found', async () => (await told(one)).attempts[0]?.status === 'failed');
  expect(await told(one)).toMatchObject({ status: 'scheduled' });
  await world.query('update orders.notification_endpoints set url = $1 where merchant_id = $2::uuid', [
    shop.url,
    merchant.id.replace(/^mer_/, ''),
  ]);
  await makeDue();
  await until('it is delivered', async () => (await told(one)).status === 'delivered');
});

describe('after a restart', () => {
  it('rows that a process was sending when it died are found again, and sent again', async () => {
    const alone = await notificationWorld();
    const merchantId = await alone.merchant();
    await alone.endpoint(merchantId, shop.url, { schedule: [0, 0] });
    const due = await alone.announce(merchantId);
    await alone.dyingNotifier().handle(due);
    const sending = `select 1 from orders.notification_attempts where status = 'started'`;
    await until('it was sending', async () => (await alone.query(sending)).length === 1);
    await alone.makeDue();
    const restarted = alone.notifier({ timeoutMs: 20_000 });
    await restarted.handle(await restarted.findOverdue(100));
    await restarted.settled();
    expect(shop.received).toHaveLength(1);
    expect(await alone.query('select status, attempts from orders.notifications')).toEqual([{ status: 'delivered', attempts: 2 }]); // prettier-ignore
    await alone.close();
  });

  it('what was delivered is not sent again, and all that is due is sent, not only the newest 500', async () => {
    const alone = await notificationWorld();
    const merchantId = await alone.merchant();
    await alone.endpoint(merchantId, shop.url, { schedule: [0, 60] });
    const first = alone.notifier({ timeoutMs: 20_000 });
    await first.handle(await alone.announce(merchantId));
    await first.settled();
    const orders = await Promise.all(Array.from({ length: 600 }, () => alone.order(merchantId)));
    await alone.announce(merchantId, orders);
    await alone.makeDue();
    const restarted = alone.notifier({ timeoutMs: 20_000 });
    for (let found = await restarted.findOverdue(1_000); found.length > 0; found = await restarted.findOverdue(1_000)) {
      await restarted.handle(found);
    }
    await until('all are told', async () => {
      await restarted.settled();
      await restarted.handle(await restarted.findOverdue(1_000));
      return shop.received.length >= 601;
    });
    await restarted.settled();
    expect([shop.received.length, new Set(shop.received.map(({ id }) => id)).size]).toEqual([601, 601]);
    await alone.close();
  });
});
