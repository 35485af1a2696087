import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Database, statement } from '../../src/consistency/transaction';
import type { EndpointId, MerchantId } from '../../src/core/ids';
import { drawPutOff, endpointsWithPutOff, markOverdue, putOff } from '../../src/notifications/notifications-store';
import { createResends } from '../../src/notifications/resend';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type NotificationWorld, notificationWorld } from '../support/notification-world';

/** Endpoints that are slow, dead or have a long list, and the others, who must not notice. */
let world: NotificationWorld;
let shop: MerchantServer;

beforeEach(async () => {
  world = await notificationWorld();
  shop = await startMerchantServer();
});
afterEach(async () => {
  await shop.close();
  await world.close();
});

async function until(condition: () => boolean | Promise<boolean>, withinMs = 90_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const count = async (condition: string): Promise<number> =>
  (await world.query<{ count: number }>(`select count(*)::int from orders.notifications where ${condition}`))[0]!.count;

/** A merchant with one endpoint there, and so many orders that were paid. */
async function paid(url: string, orders: number, schedule: readonly number[] = [0, 3600, 3600]) {
  const merchantId = await world.merchant();
  const endpoint = await world.endpoint(merchantId, url, { schedule });
  const made = await Promise.all(Array.from({ length: orders }, () => world.order(merchantId)));
  return { merchantId, endpoint: endpoint.id, due: await world.announce(merchantId, made) };
}

describe('5 % of the endpoints hang and 5 % refuse', () => {
  it('and all others are told everything while those that hang still hang', async () => {
    const hanging = await startMerchantServer();
    hanging.usually('silence');
    const port = await closedPort();
    const sick = [
      ...(await Promise.all(Array.from({ length: 10 }, (_, n) => paid(`${hanging.url}/${n}`, 20)))),
      ...(await Promise.all(Array.from({ length: 10 }, () => paid(`http://127.0.0.1:${port}/`, 20)))),
    ];
    const well = await Promise.all(Array.from({ length: 180 }, (_, n) => paid(`${shop.url}/${n}`, 3)));
    // Far fewer places than the sick ones would like, and far more time than the test has.
    const notifier = world.notifier({
      timeoutMs: 600_000,
      limits: { inFlight: 20, suspectsInFlight: 10, slowAfterMs: 100 },
    });
    await notifier.handle(sick.flatMap((one) => one.due));
    await until(() => hanging.received.length > 0);
    for (const { due } of well) await notifier.handle(due);
    await until(async () => {
      await notifier.handle(await notifier.findOverdue(1_000));
      return shop.received.length === 540;
    });
    const wellIds = well.map((one) => one.endpoint);
    await until(
      async () =>
        (
          await world.query(
            `select 1 from orders.notifications where endpoint_id = any($1) and status <> 'delivered'`,
            [wellIds],
          )
        ).length === 0,
    );
    // Nobody who hangs has had an end of its time, and none of them has more places than a first few.
    const [row] = await world.query<{ hang: number; most: number }>(
      `select count(*)::int as hang, max(n.many)::int as most from (
         select count(*) as many from orders.notification_attempts a join orders.notifications n on n.id = a.notification_id
          where a.status = 'started' and n.endpoint_id = any($1) group by n.endpoint_id) n`,
      [sick.slice(0, 10).map((one) => one.endpoint)],
    );
    expect(row!.hang).toBe(10);
    expect(row!.most).toBeLessThanOrEqual(8);
    // Those that refuse were left in peace after a few attempts, and what is due to them was put off without one.
    const refused = sick.slice(10).map((one) => one.endpoint);
    const tries = await world.query<{ tries: number; off: number }>(
      `select sum(attempts)::int as tries, count(*) filter (where put_off)::int as off
         from orders.notifications where endpoint_id = any($1) group by endpoint_id`,
      [refused],
    );
    expect(tries).toHaveLength(10);
    for (const { tries: made, off } of tries) {
      expect(made).toBeLessThanOrEqual(12);
      expect(made + off).toBeGreaterThanOrEqual(12);
    }
    await hanging.close();
    await notifier.drain();
  });
});

describe('an endpoint that fails', () => {
  it('gets a probe now and then, loses no attempt of its schedules, and everything when it works again', async () => {
    const { due } = await paid(shop.url, 60, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    shop.usually({ status: 500 });
    const notifier = world.notifier({ breakers: { failures: 3, openMs: 200, longestOpenMs: 200 } });
    await notifier.handle(due);
    await until(async () => (await count('put_off')) >= 40);
    // What had begun when the circuit opened still arrives.
    await notifier.settled();
    const before = shop.received.length;
    await until(async () => {
      await notifier.handle(await notifier.findOverdue(1_000));
      return shop.received.length >= before + 3;
    });
    // Three probes, and perhaps one more that was under way.
    expect(shop.received.length).toBeLessThanOrEqual(before + 4);
    shop.usually({ status: 200 });
    await until(async () => {
      // A row that came back while its last attempt was being ended would wait out the sweep's half minute.
      await world.query(`update orders.notifications set enqueued_until = clock_timestamp() where not put_off`);
      await notifier.handle(await notifier.findOverdue(1_000));
      return (await count(`status = 'delivered'`)) === 60;
    });
    const [{ attempts }] = (await world.query(`select sum(attempts)::int as attempts from orders.notifications`)) as [
      { attempts: number },
    ];
    expect(attempts).toBe(shop.received.length);
    expect(await count('put_off')).toBe(0);
  });

  it('leaves its list to the process that works for it, when that process knows better', async () => {
    const { due } = await paid(shop.url, 30);
    shop.usually({ status: 500 });
    const first = world.notifier({ breakers: { failures: 1, openMs: 3_600_000, longestOpenMs: 3_600_000 } });
    await first.handle(due);
    await until(async () => (await count('put_off')) >= 15);
    shop.usually({ status: 200 });
    const second = world.notifier();
    await until(async () => {
      await second.handle(await second.findOverdue(1_000));
      return (await count('put_off')) === 0;
    });
  });

  it('has few in memory, however long its list is', async () => {
    const { due } = await paid(shop.url, 300);
    const notifier = world.notifier({ limits: { waitingPerEndpoint: 50, perEndpoint: 10 } });
    await notifier.handle(due);
    await until(async () => {
      await notifier.findOverdue(1_000);
      return (await count(`status = 'delivered'`)) === 300;
    });
    expect(new Set(shop.received.map((one) => one.id)).size).toBe(300);
    expect(shop.received).toHaveLength(300);
  });
});

describe('what is resent', () => {
  it('becomes due 50 a second, so that a server which has just come back is not overrun', async () => {
    const { merchantId, endpoint } = await paid(shop.url, 0);
    await longList(merchantId, endpoint, 100, 'exhausted');
    await world.query(`update orders.notifications set ended_at = clock_timestamp()`);
    const resends = createResends({ db: world.db, hint: () => undefined });
    const active = { id: endpoint, status: 'active' } as const;
    expect(await resends.failedSince(active, '2020-01-01T00:00:00Z')).toEqual({ resent: 100, remaining: false });
    expect(await resends.failedSince(active, '2020-01-01T00:00:00Z')).toEqual({ resent: 0, remaining: false });
    const [{ apart }] = (await world.query(
      `select extract(epoch from max(next_try_at) - min(next_try_at))::float8 as apart from orders.notifications
        where status = 'scheduled'`,
    )) as [{ apart: number }];
    expect(apart).toBeGreaterThan(1.97);
  });
});

describe('the sweep', () => {
  it('finds the rows of all others beside thousands of one endpoint, and reads each of those once', async () => {
    const { merchantId, endpoint } = await paid(shop.url, 0);
    await longList(merchantId, endpoint, 3_000);
    const others = await Promise.all(Array.from({ length: 10 }, () => paid(shop.url, 1)));
    await world.query(
      `update orders.notifications set next_try_at = clock_timestamp() - interval '1 minute',
       enqueued_until = clock_timestamp() - case when endpoint_id = $1 then interval '1 minute' else interval '1 second' end`,
      [endpoint],
    );
    const notifier = world.notifier({ limits: { inFlight: 0 } });
    const found = await notifier.findOverdue(1_000);
    expect(others.every(({ due }) => found.includes(due[0]!))).toBe(true);
    expect(await notifier.findOverdue(1_000)).toEqual([]);
    expect(await count('put_off')).toBeGreaterThan(1_500);
  });

  it('and whoever draws what was put off read an index, and not what was ever done', async () => {
    const { merchantId, endpoint, due } = await paid(shop.url, 3);
    for (let tens = 0; tens < 10; tens += 1) await longList(merchantId, endpoint, 2_000, 'delivered');
    await world.query(`analyze orders.notifications`);
    const reads = await world.db.knex.transaction(async (trx) => {
      const client = await (trx.client as { acquireConnection(): Promise<PgClient> }).acquireConnection();
      const query = async (sql: { name: string; text: string }, values: readonly unknown[] = []) =>
        (await client.query({ ...sql, values })).rows;
      const transact = (_name: string, work: (tx: unknown) => unknown): unknown => work({ schema: 'orders', query });
      const db = { schema: 'orders', query, write: query, transact } as unknown as Database<'orders'>;
      // A prepared statement gets its generic plan from the sixth run on.
      for (let run = 0; run < 8; run += 1) {
        await markOverdue(db, 1_000, 250);
        await putOff(db, due);
        await endpointsWithPutOff(db, undefined, 1_000);
        await drawPutOff(db, [{ endpoint, many: 100 }]);
      }
      const [row] = await query(
        statement(
          'test.reads',
          `select (seq_tup_read + coalesce(idx_tup_fetch, 0))::int as rows
             from pg_stat_xact_user_tables where relname = 'notifications'`,
        ),
      );
      return (row as { rows: number }).rows;
    });
    expect(reads).toBeGreaterThan(0);
    expect(reads).toBeLessThan(500);
  });
});

interface PgClient {
  query(statement: { name: string; text: string; values: readonly unknown[] }): Promise<{ rows: object[] }>;
}

/** Notifications of as many orders, by SQL. */
async function longList(merchantId: MerchantId, endpoint: EndpointId, many: number, status = 'scheduled') {
  await world.query(
    `with made as (
       insert into orders.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee)
       select id, $1, id, md5(id::text), 10, 'USD', 0 from (select gen_random_uuid() as id from generate_series(1, $3::int)) n
       returning id)
     insert into orders.notifications (id, merchant_id, order_id, endpoint_id, type, payload, schedule, status, enqueued_until)
     select gen_random_uuid(), $1, id, $2, 'order.paid', '{}', '"standard"', $4, clock_timestamp() from made`,
    [merchantId, endpoint, many, status],
  );
}

/** A port on which nobody listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
