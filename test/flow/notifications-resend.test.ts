import { readId } from '../../src/core/ids';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** What a merchant and an operator do about notifications that did not arrive, through the API of the whole service. */
let world: World;
let shop: MerchantServer;
let merchant: Merchant;
let channel: Channel;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());
beforeEach(async () => {
  shop = await startMerchantServer();
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterEach(async () => {
  await shop.close();
  await world.mustBeSound();
});

async function endpoint(wish: object = {}, path = ''): Promise<Json> {
  const made = await world.v1(merchant, 'post', '/endpoints', { url: `${shop.url}${path}`, ...wish });
  shop.useSecrets(made.secret);
  return made;
}

async function pay(): Promise<Json> {
  const order = await world.order(merchant);
  await world.send(channel, world.paid(channel, order)).expect(204);
  return order;
}

/** A row that the sweep has just handed out comes back after half a minute, and a circuit stays open for a while. */
async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  const deadline = Date.now() + 90_000;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The one notification of the order, when it has the status. */
const ended = (order: Json, status: string, attempts = 1): Promise<Json> =>
  until(async () => {
    const { data } = await world.v1(merchant, 'get', `/notifications?order=${order.id}`);
    return data[0]?.status === status && data[0].attempts.length >= attempts ? data[0] : undefined;
  });

const refused = async (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'it was accepted',
    (error: unknown) => String(error),
  );

describe('one notification', () => {
  it('that has failed for good is sent again with its id and text, on a schedule of its own', async () => {
    await endpoint({ schedule: [0] });
    shop.usually({ status: 500 });
    const first = await ended(await pay(), 'exhausted');
    shop.usually({ status: 200 });
    const again = await world.v1(merchant, 'post', `/notifications/${first.id}/resend`);
    expect(again.id).toBe(first.id);
    // The next may have begun by the time that this is answered.
    expect(again.attempts[0]).toMatchObject({ number: 1, status: 'failed' });
    const last = await ended({ id: first.order }, 'delivered', 2);
    expect(last.attempts.map((one: Json) => [one.number, one.status])).toEqual([
      [1, 'failed'],
      [2, 'succeeded'],
    ]);
    expect(new Set(shop.received.map((one) => one.id + one.body)).size).toBe(1);
    expect(shop.received.every((one) => one.verified[0])).toBe(true);
  });

  it('that was delivered is sent again by the operator, and stops again when its new schedule is over', async () => {
    await endpoint({ schedule: [0, 0] });
    const { id, order } = await ended(await pay(), 'delivered');
    shop.usually({ status: 500 });
    await world.admin('post', `/notifications/${id}/resend`);
    // The second attempt of a schedule without delays comes when the sweep looks.
    const last = await ended({ id: order }, 'exhausted', 3);
    expect(last.attempts.map((one: Json) => one.status)).toEqual(['succeeded', 'failed', 'failed']);
    expect(await world.incidents()).toContain('notification_exhausted');
  });

  it('is not resent by others, without an endpoint, to a disabled one, or while it is being sent', async () => {
    const lonely = await ended(await pay(), 'no_endpoint', 0);
    expect(await refused(world.v1(merchant, 'post', `/notifications/${lonely.id}/resend`))).toContain('not_resendable');
    const { id } = await endpoint({ schedule: [0, 3600] });
    const told = await ended(await pay(), 'delivered');
    expect(await refused(world.v1(await world.merchant(), 'post', `/notifications/${told.id}/resend`))).toContain(
      '404',
    );
    shop.usually('silence');
    await world.v1(merchant, 'post', `/notifications/${told.id}/resend`);
    await until(() => Promise.resolve(shop.received.length === 2));
    expect(await refused(world.v1(merchant, 'post', `/notifications/${told.id}/resend`))).toContain('not_resendable');
    await world.v1(merchant, 'post', `/endpoints/${id}/disable`);
    expect(await refused(world.v1(merchant, 'post', `/notifications/${told.id}/resend`))).toContain(
      'endpoint_disabled',
    );
    expect(await refused(world.v1(merchant, 'post', `/notifications/ntf_rubbish/resend`))).toContain('400');
  });
});

describe('everything that has failed since a time', () => {
  it('is sent again, spread over the time after, and nothing else is', async () => {
    const { id } = await endpoint({ schedule: [0] });
    shop.usually({ status: 500 });
    const old = await ended(await pay(), 'exhausted');
    await world.query(`update orders.notifications set ended_at = ended_at - interval '1 day' where id = $1`, [
      readId('notification', old.id),
    ]);
    const orders = await Promise.all(Array.from({ length: 4 }, pay));
    for (const order of orders) await ended(order, 'exhausted');
    shop.usually({ status: 200 });
    const since = new Date(Date.now() - 3_600_000).toISOString();
    const list = await world.v1(merchant, 'get', `/notifications?failed_since=${since}&endpoint=${id}`);
    expect(list.data).toHaveLength(4);
    const resent = await world.v1(merchant, 'post', `/endpoints/${id}/resend`, { failed_since: since });
    expect(resent).toEqual({ resent: 4, remaining: false });
    for (const order of orders) await ended(order, 'delivered', 2);
    const failed = await world.admin('get', `/notifications?failed_since=2020-01-01T00:00:00Z&merchant=${merchant.id}`);
    expect(failed.data.map((one: Json) => one.id)).toEqual([old.id]);
    for (const body of [{}, { failed_since: 'yesterday' }, { failed_since: '0000-01-01T00:00:00Z' }]) {
      expect(await refused(world.v1(merchant, 'post', `/endpoints/${id}/resend`, body))).toContain('400');
    }
  });
});

describe('an endpoint whose every attempt fails for days', () => {
  it('is disabled with an incident, its merchant sees why, and enabling it sends what it missed', async () => {
    const { id } = await endpoint({ schedule: [0, 0, 0, 0, 0, 3600, 3600] });
    shop.usually({ status: 500, body: 'broken' });
    const order = await pay();
    const failing = await until(async () => {
      const shown = await world.v1(merchant, 'get', `/endpoints/${id}`);
      return shown.failed_attempts >= 3 ? shown : undefined;
    });
    expect(failing).toMatchObject({ status: 'active', last_error: 'answered 500', failing_since: expect.any(String) });
    await world.query(
      `update orders.notification_endpoints set failing_since = failing_since - interval '4 days', failed_attempts = 9
        where id = $1`,
      [readId('endpoint', id)],
    );
    const dead = await until(async () => {
      await world.query(
        `update orders.notifications set next_try_at = clock_timestamp(), enqueued_until = clock_timestamp()
                          where endpoint_id = $1 and status = 'scheduled'`,
        [readId('endpoint', id)],
      );
      const shown = await world.v1(merchant, 'get', `/endpoints/${id}`);
      return shown.status === 'disabled' ? shown : undefined;
    });
    expect(dead).toMatchObject({
      disabled_reason: 'every attempt failed for days; the last: answered 500',
      disabled_at: expect.any(String),
      last_error: 'answered 500',
    });
    const { data } = await world.admin('get', '/incidents?kind=endpoint_failing');
    expect(data[0]).toMatchObject({ subject: id, facts: { url: shop.url, last_error: 'answered 500' } });
    expect((await ended(order, 'endpoint_disabled')).put_off).toBe(false);
    shop.usually({ status: 200 });
    const enabled = await world.v1(merchant, 'post', `/endpoints/${id}/enable`);
    expect(enabled).toMatchObject({ status: 'active', failing_since: null, failed_attempts: 0, resent: 1 });
    await ended(order, 'delivered');
    expect(await world.v1(merchant, 'get', `/endpoints/${id}`)).toMatchObject({ failing_since: null });
  });

  it('stays as it is where one attempt worked', async () => {
    const { id } = await endpoint({ schedule: [0, 3600] });
    shop.script({ status: 500 });
    await pay();
    const counted = (failures: number): Promise<Json> =>
      until(async () => {
        const shown = await world.v1(merchant, 'get', `/endpoints/${id}`);
        return shown.failed_attempts === failures ? shown : undefined;
      });
    await counted(1);
    await ended(await pay(), 'delivered');
    expect(await counted(0)).toMatchObject({ failing_since: null, last_error: 'answered 500' });
    await world.v1(merchant, 'post', `/endpoints/${id}/disable`);
    await world.v1(merchant, 'post', `/endpoints/${id}`, { url: `${shop.url}/other`, schedule: [0] });
    await world.v1(merchant, 'post', `/endpoints/${id}/enable`);
    await world.quiet();
  });
});

describe('a ping', () => {
  it('is signed, says what happened, and is an event of no order', async () => {
    const { id } = await endpoint();
    const answer = await world.v1(merchant, 'post', `/endpoints/${id}/ping`);
    expect(answer).toMatchObject({
      status: 'succeeded',
      http_status: 200,
      error: null,
      duration_ms: expect.any(Number),
    });
    expect(shop.received[0]!.verified).toEqual([true]);
    expect(JSON.parse(shop.received[0]!.body)).toMatchObject({ type: 'quittance.ping', id: answer.id, data: {} });
    shop.script({ status: 503, body: 'not now' });
    expect(await world.admin('post', `/merchants/${merchant.id}/endpoints/${id}/ping`)).toMatchObject({
      status: 'failed',
      http_status: 503,
      error: 'answered 503',
      response_excerpt: 'not now',
    });
    expect((await world.v1(merchant, 'get', '/notifications')).data).toEqual([]);
    expect(await world.v1(merchant, 'get', `/endpoints/${id}`)).toMatchObject({ failed_attempts: 0 });
  });

  it('goes to a disabled endpoint too, carries both signatures while its secret is rotated, and runs once at a time', async () => {
    const { id, secret } = await endpoint();
    await world.v1(merchant, 'post', `/endpoints/${id}/disable`);
    const rotated = await world.v1(merchant, 'post', `/endpoints/${id}/rotate-secret`, { overlap_seconds: 60 });
    shop.useSecrets(secret, rotated.secret);
    expect(await world.v1(merchant, 'post', `/endpoints/${id}/ping`)).toMatchObject({ status: 'succeeded' });
    expect(shop.received[0]!.verified).toEqual([true, true]);
    let answer = (): void => undefined;
    shop.usually({ status: 200, when: new Promise<void>((resolve) => (answer = resolve)) });
    const pings = [1, 2].map(async () =>
      world.http.post(`/v1/endpoints/${id}/ping`).set('Authorization', `Bearer ${merchant.key}`).send(),
    );
    // One of them is refused while the other waits for the shop.
    await Promise.race(pings);
    answer();
    const both = await Promise.all(pings);
    expect(both.map((answer) => answer.status).sort()).toEqual([200, 503]);
  });
});

describe('several endpoints', () => {
  it('get the events that each of them wants, and an order that none wants to hear of has a row that says so', async () => {
    await endpoint({ event_types: ['order.paid'] }, '/paid');
    await endpoint({ event_types: ['order.closed', 'order.expired'] }, '/ended');
    const paid = await pay();
    expect((await ended(paid, 'delivered')).url).toBe(`${shop.url}/paid`);
    const closed = await world.order(merchant);
    await world.v1(merchant, 'post', `/orders/${closed.id}/close`);
    expect((await ended(closed, 'delivered')).url).toBe(`${shop.url}/ended`);
    const { data } = await world.v1(merchant, 'get', '/endpoints');
    await world.v1(merchant, 'post', `/endpoints/${data[1].id}`, { event_types: ['order.expired'] });
    const unheard = await world.order(merchant);
    await world.v1(merchant, 'post', `/orders/${unheard.id}/close`);
    expect((await ended(unheard, 'no_endpoint', 0)).endpoint).toBeNull();
    await world.v1(merchant, 'post', `/endpoints/${data[1].id}`, { event_types: null });
    await ended(await pay(), 'delivered');
  });

  it('are bounded, and belong to their merchant', async () => {
    for (let one = 0; one < 20; one += 1) await endpoint({}, `/${one}`);
    expect(await refused(endpoint())).toContain('too_many_endpoints');
    const { data } = await world.v1(merchant, 'get', '/endpoints?limit=1');
    const other = await world.merchant();
    for (const [method, path] of [
      ['get', ''],
      ['post', ''],
      ['post', '/disable'],
      ['post', '/enable'],
      ['post', '/ping'],
      ['post', '/rotate-secret'],
    ] as const) {
      expect(await refused(world.v1(other, method, `/endpoints/${data[0].id}${path}`, method === 'post' ? {} : undefined))).toContain('404'); // prettier-ignore
    }
    for (const wish of [{ event_types: [] }, { event_types: ['order.lost'] }, { url: 'http://127.0.0.1:25/' }]) {
      expect(await refused(world.v1(other, 'post', '/endpoints', { url: shop.url, ...wish }))).toContain('400');
    }
  });

  it('that change their schedule leave what has begun on its own', async () => {
    const { id } = await endpoint({ schedule: [0, 0, 0] });
    shop.usually({ status: 500 });
    const order = await pay();
    await world.v1(merchant, 'post', `/endpoints/${id}`, { schedule: [0] });
    expect((await ended(order, 'exhausted')).attempts).toHaveLength(3);
  });
});
