import { PATIENT } from '../support/scenario';
import { type Json, type Merchant, type World, startWorld } from '../support/world';
import { inTransaction } from '../../src/consistency/transaction';
import type { MerchantId, OrderId } from '../../src/core/ids';
import { closeOrders } from '../../src/orders/order-ends-store';

/** What a merchant reads who has lost notifications: every event once, and none that a cursor could step over. */
let world: World;
let merchant: Merchant;
beforeAll(async () => {
  world = await startWorld(PATIENT);
});
beforeEach(async () => {
  merchant = await world.merchant();
});
afterAll(async () => {
  await world.quiet();
  await world.mustBeSound();
  await world.stop();
});

const read = (cursor?: string, more = ''): Promise<Json> =>
  world.v1(merchant, 'get', `/events?limit=2${cursor === undefined ? '' : `&cursor=${cursor}`}${more}`);

/** Follows the cursor until nothing more is there; returns what was read and where to go on later. */
async function readAll(cursor?: string, more = ''): Promise<{ events: Json[]; cursor: string }> {
  const events: Json[] = [];
  let page = await read(cursor, more);
  for (; page.has_more; page = await read(page.next_cursor, more)) events.push(...page.data);
  events.push(...page.data);
  return { events, cursor: page.next_cursor };
}

/** Transactions of other parts of the service may hold an event back for a moment. */
async function readUntil(count: number, cursor?: string, more = ''): Promise<{ events: Json[]; cursor: string }> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const all = await readAll(cursor, more);
    if (all.events.length >= count || Date.now() > deadline) return all;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const close = (order: Json): Promise<Json> => world.v1(merchant, 'post', `/orders/${order.id}/close`);
/** Has its time pass; the service finds that out by itself. */
const expire = (order: Json): Promise<object[]> =>
  world.query(`update orders.orders set expires_at = clock_timestamp() where id = $1::uuid`, [order.id.slice(4)]);
const ordersOf = (events: readonly Json[]): string[] => events.map((event) => event.data.id);

describe('events of a merchant', () => {
  it('are each there once, whatever number of endpoints it has, with what the webhook said', async () => {
    for (const path of ['a', 'b', 'c']) {
      await world.admin('post', `/merchants/${merchant.id}/endpoints`, {
        url: `http://127.0.0.1:65535/${path}`,
        schedule: [0],
      });
    }
    const channel = await world.channel();
    const [paid, closed] = [await world.order(merchant), await world.order(merchant)];
    await world.send(channel, world.paid(channel, paid)).expect(204);
    await close(closed);
    const { events } = await readUntil(2);
    expect(events.map(({ type, data }) => [type, data.id])).toEqual([
      ['order.paid', paid.id],
      ['order.closed', closed.id],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(2);
    const told = await world.query<{ payload: string }>(
      `select payload from orders.notifications where order_id = $1 and type = 'order.paid'`,
      [paid.id.slice(4)],
    );
    expect(told).toHaveLength(3);
    for (const { payload } of told) expect(JSON.parse(payload).data).toEqual(events[0].data);
  });

  it('are there without any endpoint, and a cursor on the last page goes on later, also from an empty one', async () => {
    const begin = await read();
    expect(begin).toEqual({ data: [], next_cursor: expect.any(String), has_more: false });
    const first = await world.order(merchant);
    await close(first);
    const one = await readUntil(1, begin.next_cursor);
    expect(ordersOf(one.events)).toEqual([first.id]);
    expect(await read(one.cursor)).toEqual({ data: [], next_cursor: one.cursor, has_more: false });
    const second = await world.order(merchant);
    await close(second);
    expect(ordersOf((await readUntil(1, one.cursor)).events)).toEqual([second.id]);
  });

  it('are read page by page and by type, and are no other merchant’s', async () => {
    const other = await world.merchant();
    await world.v1(other, 'post', `/orders/${(await world.order(other)).id}/close`);
    const orders: Json[] = [];
    for (let count = 0; count < 5; count += 1) {
      const order = await world.order(merchant);
      orders.push(order);
      if (count === 3) await expire(order);
      else await close(order);
    }
    const expiring = orders[3];
    await expect(readUntil(5)).resolves.toMatchObject({ events: { length: 5 } });
    const all = await readAll();
    expect(ordersOf(all.events).sort()).toEqual(orders.map(({ id }) => id).sort());
    const closed = await readAll(undefined, '&type=order.closed');
    expect(ordersOf(closed.events)).not.toContain(expiring.id);
    expect(closed.events).toHaveLength(4);
    expect(ordersOf((await readAll(undefined, '&type=order.expired')).events)).toEqual([expiring.id]);
    expect((await readAll(undefined, '&type=order.paid')).events).toEqual([]);
  });

  it('are never stepped over when a transaction that began earlier commits later', async () => {
    const [early, late] = [await world.order(merchant), await world.order(merchant)];
    const closing = (order: Json) => [
      { orderId: order.id.slice(4) as OrderId, merchantId: merchant.id.slice(4) as MerchantId },
    ];
    let commitEarly: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (commitEarly = resolve));
    const { orders: db } = world.test.databases;
    let begun: () => void = () => undefined;
    const earlyClosed = new Promise<void>((resolve) => (begun = resolve));
    const committed = inTransaction(db, 'test', async (tx) => {
      await closeOrders(tx, closing(early));
      begun();
      await held;
    });
    await earlyClosed;
    await inTransaction(db, 'test', (tx) => closeOrders(tx, closing(late)));

    // The later one is committed and the earlier one is not: whoever reads now must not end up behind the earlier one.
    const meanwhile = await readAll();
    commitEarly();
    await committed;
    const rest = await readUntil(2 - meanwhile.events.length, meanwhile.cursor);
    expect(ordersOf([...meanwhile.events, ...rest.events])).toEqual([early.id, late.id]);
    await announceBoth();
  });

  /** What was closed without its notification is told, so that the audit finds nothing missing. */
  async function announceBoth(): Promise<void> {
    await world.query(
      `insert into orders.notifications (id, merchant_id, order_id, type, payload, status, enqueued_until, ended_at)
       select gen_random_uuid(), o.merchant_id, o.id, 'order.closed', '{"data": {"status": "closed"}}', 'no_endpoint', now(), now()
         from orders.orders o
        where o.status = 'closed' and not exists (select 1 from orders.notifications n where n.order_id = o.id)`,
    );
  }

  it.each([
    ['cursor=nonsense', 'invalid_cursor'],
    [`cursor=${Buffer.from('{"after":"99999999999999999999/x"}').toString('base64url')}`, 'invalid_cursor'],
    [
      `cursor=${Buffer.from('{"after":"019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87"}').toString('base64url')}`,
      'invalid_cursor',
    ],
    ['limit=0', 'invalid_request'],
    ['limit=101', 'invalid_request'],
    ['type=ping', 'invalid_request'],
    ['since=2026-01-01', 'invalid_request'],
    ['type=order.paid&type=order.closed', 'invalid_request'],
  ])('refuse %s as %s', async (query, code) => {
    const answer = await world.http.get(`/v1/events?${query}`).set('Authorization', `Bearer ${merchant.key}`);
    expect([answer.status, answer.body.code]).toEqual([400, code]);
  });

  it('take the farthest position that a cursor can hold', async () => {
    const after = '9999999999999999999/ffffffff-ffff-ffff-ffff-ffffffffffff';
    const cursor = Buffer.from(JSON.stringify({ after })).toString('base64url');
    expect(await read(cursor)).toEqual({ data: [], next_cursor: cursor, has_more: false });
  });
});
