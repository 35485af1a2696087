import { Webhook } from 'standardwebhooks';
import { Unavailable } from '../../src/core/errors';
import { type NotificationId, showId } from '../../src/core/ids';
import { createDeliveries } from '../../src/notifications/list-deliveries';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type NotificationWorld, notificationWorld } from '../support/notification-world';

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

interface NotificationRow {
  id: NotificationId;
  status: string;
  attempts: number;
  last_error: string | null;
  next_try_at: Date;
  /** Seconds from the beginning of the last attempt to the next; before any, from the announcement to the first. */
  wait: number;
  /** Seconds from the end of the last attempt to the next; null where none has ended. */
  wait_since_answer: number | null;
  lease_token: string | null;
}
/** What is recorded of them: it does not matter when one looks. */
const rows = (): Promise<NotificationRow[]> =>
  world.query(`select n.id, n.status, n.attempts, n.last_error, n.lease_token, n.next_try_at,
                      extract(epoch from n.next_try_at - coalesce(last.started_at, n.created_at))::float8 as wait,
                      extract(epoch from n.next_try_at - last.ended_at)::float8 as wait_since_answer
                 from orders.notifications n left join lateral (
                   select started_at, ended_at from orders.notification_attempts a
                    where a.notification_id = n.id order by a.number desc limit 1) last on true
                order by n.id`);
const attempts = (): Promise<{ number: number; status: string; http_status: number | null; error: string | null }[]> =>
  world.query(
    `select number, status, http_status, error from orders.notification_attempts order by notification_id, number`,
  );
const incidents = (): Promise<{ kind: string; subject: string }[]> =>
  world.query(`select kind, subject from orders.incidents order by kind, subject`);

/** One merchant with one endpoint at the test's server, which verifies with its secret. */
async function subscribed(options: Parameters<NotificationWorld['endpoint']>[2] = {}) {
  const merchantId = await world.merchant();
  const endpoint = await world.endpoint(merchantId, server.url, options);
  server.useSecrets(endpoint.secret);
  return { merchantId, ...endpoint };
}

/** Handles what is due as the sweep would, and waits for the results. */
async function sweep(notifier = world.notifier()): Promise<void> {
  await notifier.handle(await notifier.findOverdue(1_000));
  await notifier.settled();
}

describe('an announcement', () => {
  it('is told to every active endpoint, signed so that the official library accepts it', async () => {
    const { merchantId } = await subscribed();
    await world.endpoint(merchantId, `${server.url}/second`);
    const due = await world.announce(merchantId);
    expect(due).toHaveLength(2);
    const notifier = world.notifier();
    await notifier.handle(due);
    await notifier.settled();
    const [first] = server.received.filter((one) => one.path === '/hook');
    expect(server.received.map((one) => one.path).sort()).toEqual(['/hook', '/hook/second']);
    expect(first!.verified).toEqual([true]);
    expect(JSON.parse(first!.body)).toEqual({
      type: 'order.paid',
      timestamp: expect.any(String) as string,
      id: first!.id,
      data: expect.objectContaining({ amount: '10.00' }) as object,
    });
    expect(first!.id).toBe(
      showId(
        'notification',
        due.find((id) => first!.id.endsWith(id))!,
      ),
    );
    expect((await rows()).map((row) => [row.status, row.attempts])).toEqual([['delivered', 1], ['delivered', 1]]); // prettier-ignore
    expect((await attempts()).map((one) => [one.number, one.status, one.http_status])).toEqual([[1, 'succeeded', 200], [1, 'succeeded', 200]]); // prettier-ignore
  });

  it('to a merchant without an endpoint, or with a disabled one, leaves a row that says so', async () => {
    const merchantId = await world.merchant();
    expect(await world.announce(merchantId)).toEqual([]);
    const { id } = await world.endpoint(merchantId, server.url);
    await world.endpoints.disable(merchantId, id, 'for the test');
    expect(await world.announce(merchantId)).toEqual([]);
    expect((await rows()).map((row) => row.status)).toEqual(['no_endpoint', 'no_endpoint']);
  });

  it('made twice is told once', async () => {
    const { merchantId } = await subscribed();
    const order = await world.order(merchantId);
    await world.announce(merchantId, [order, order]);
    await world.announce(merchantId, [order]);
    expect(await rows()).toHaveLength(1);
  });

  it('of many orders is one list and follows a schedule that begins later', async () => {
    const { merchantId } = await subscribed({ schedule: [60, 60] });
    const orders = await Promise.all(Array.from({ length: 50 }, () => world.order(merchantId)));
    expect(await world.announce(merchantId, orders)).toEqual([]);
    const waits = (await rows()).map((row) => row.wait);
    expect(waits).toHaveLength(50);
    expect(Math.min(...waits)).toBeGreaterThan(55);
    await sweep();
    expect(server.received).toHaveLength(0);
  });
});

describe('a notification that fails', () => {
  it('is tried again on the schedule with the same id and bytes, and then stops with an incident', async () => {
    const { merchantId } = await subscribed({ schedule: [0, 100, 1000] });
    server.usually({ status: 500, body: 'no\u0000t today' });
    const due = await world.announce(merchantId);
    const notifier = world.notifier();
    await notifier.handle(due);
    await notifier.settled();
    const [first] = await rows();
    expect(first).toMatchObject({ status: 'scheduled', attempts: 1, last_error: 'answered 500', lease_token: null });
    expect(first!.wait).toBeGreaterThan(95);
    expect(first!.wait).toBeLessThan(121);
    await notifier.handle(due);
    await notifier.settled();
    expect(server.received).toHaveLength(1);

    await world.makeDue();
    await sweep(notifier);
    const [second] = await rows();
    expect(second!.wait).toBeGreaterThan(995);
    await world.makeDue();
    await sweep(notifier);
    expect((await rows())[0]).toMatchObject({ status: 'exhausted', attempts: 3 });
    await world.makeDue();
    await sweep(notifier);
    expect(server.received).toHaveLength(3);
    expect(new Set(server.received.map((one) => one.id + one.body)).size).toBe(1);
    expect(server.received.every((one) => one.verified[0])).toBe(true);
    expect((await attempts()).map((one) => [one.number, one.status])).toEqual([[1, 'failed'], [2, 'failed'], [3, 'failed']]); // prettier-ignore
    expect(await incidents()).toEqual([{ kind: 'notification_exhausted', subject: showId('notification', due[0]!) }]);
  });

  it.each([
    [
      'a redirect',
      { status: 302, headers: { location: 'http://169.254.169.254/' } } as const,
      'answered 302: redirects are not followed',
    ],
    ['silence', 'silence' as const, 'no complete answer within 0.4 s'],
    ['a body that drips', 'slow_body' as const, 'no complete answer within 0.4 s'],
    ['a broken connection', 'reset' as const, undefined],
  ])('by %s is recorded and tried again', async (_name, behaviour, error) => {
    const { merchantId } = await subscribed();
    server.script(behaviour);
    const isSilent = behaviour === 'silence' || behaviour === 'slow_body';
    const notifier = world.notifier(isSilent ? { timeoutMs: 400 } : {});
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    const [row] = await rows();
    expect(row).toMatchObject({
      status: 'scheduled',
      attempts: 1,
      ...(error === undefined ? {} : { last_error: error }),
    });
    await world.makeDue();
    await sweep();
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('by a host name that does not exist is tried again', async () => {
    const merchantId = await world.merchant();
    await world.endpoint(merchantId, 'http://nobody.invalid/hook');
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect((await rows())[0]).toMatchObject({ status: 'scheduled', attempts: 1 });
  });

  it('waits as long as the merchant asks, by seconds or date, at most a day, never less than the schedule', async () => {
    const { merchantId } = await subscribed({ schedule: [0, 100, 100, 100, 100, 100] });
    const at = new Date(Date.now() + 500_000).toUTCString();
    const notifier = world.notifier();
    const due = await world.announce(merchantId);
    const waiting: NotificationRow[] = [];
    for (const retryAfter of ['1000', at, '1', '99999999']) {
      server.script({ status: 503, headers: { 'retry-after': retryAfter } });
      if (waiting.length > 0) await world.makeDue();
      await notifier.handle(due);
      await notifier.settled();
      waiting.push((await rows())[0]!);
    }
    const [seconds, date, schedule, most] = waiting as [NotificationRow, NotificationRow, NotificationRow, NotificationRow]; // prettier-ignore
    expect(Math.round(seconds.wait_since_answer!)).toBeGreaterThanOrEqual(998);
    expect(Math.round(seconds.wait_since_answer!)).toBeLessThanOrEqual(1000);
    expect(date.next_try_at.getTime()).toBeGreaterThanOrEqual(Date.parse(at));
    expect(Math.round(date.wait_since_answer!)).toBeLessThanOrEqual(500);
    // The schedule counts from the beginning of the attempt.
    expect(Math.round(schedule.wait)).toBeGreaterThanOrEqual(98);
    expect(Math.round(schedule.wait)).toBeLessThanOrEqual(120);
    expect(Math.round(most.wait_since_answer!)).toBeGreaterThan(86_390);
    expect(Math.round(most.wait_since_answer!)).toBeLessThanOrEqual(86_400);
  });

  it('with 410 disables the endpoint, ends what else was scheduled for it, and tells a person', async () => {
    const { merchantId, id } = await subscribed({ schedule: [0, 100] });
    server.script({ status: 500 }, { status: 410 });
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect((await rows()).map((row) => row.status)).toEqual(['endpoint_disabled', 'endpoint_disabled']);
    expect(await incidents()).toEqual([{ kind: 'endpoint_gone', subject: showId('endpoint', id) }]);
    const [endpoint] = await world.endpoints.list(merchantId, undefined, 10);
    expect(endpoint).toMatchObject({ status: 'disabled', disabledReason: 'answered 410' });
    expect(await world.announce(merchantId)).toEqual([]);
  });
});

describe('success', () => {
  it('is the body "success" for an endpoint set up so', async () => {
    const { merchantId } = await subscribed({ successRule: 'body_success' });
    server.script({ status: 200, body: 'fail' }, { status: 200, body: 'success' });
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect((await rows())[0]).toMatchObject({ status: 'scheduled' });
    await world.makeDue();
    await sweep(notifier);
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('is the status for the others, however long the body', async () => {
    const { merchantId } = await subscribed();
    server.script('endless_body');
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect((await rows())[0]).toMatchObject({ status: 'delivered' });
    const [{ length }] = (await world.query<{ length: number }>(
      `select length(response_excerpt) from orders.notification_attempts`,
    )) as [{ length: number }];
    expect(length).toBe(500);
  });
});

describe('a secret that is being rotated', () => {
  it('signs beside the new one until its time is over', async () => {
    const { merchantId, id, secret } = await subscribed();
    const rotated = await world.endpoints.rotate(merchantId, id, undefined, 3600);
    server.useSecrets(secret, rotated.secret);
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect(server.received[0]!.verified).toEqual([true, true]);
    await world.query(`update orders.notification_endpoints set previous_secret_until = clock_timestamp()`);
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect(server.received[1]!.verified).toEqual([false, true]);
    expect(server.received[1]!.signature.split(' ')).toHaveLength(1);
  });
});

describe('crashes and races', () => {
  it('a crash between start and result counts as an attempt whose result is unknown, and the schedule goes on', async () => {
    const { merchantId } = await subscribed({ schedule: [0, 100, 1000] });
    const due = await world.announce(merchantId);
    const crashed = world.dyingNotifier();
    await crashed.handle(due);
    await until(async () => (await attempts()).length === 1);
    const [started] = await rows();
    expect(started).toMatchObject({ status: 'scheduled', attempts: 1 });
    expect(started!.wait).toBeGreaterThan(95);
    const second = world.notifier();
    await second.handle(due);
    await second.settled();
    expect(server.received).toHaveLength(0);
    await world.makeDue();
    await sweep(second);
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2 });
    const [unknown, succeeded] = await attempts();
    expect(unknown).toMatchObject({ number: 1, status: 'failed', http_status: null });
    expect(unknown!.error).toContain('unknown');
    expect(succeeded).toMatchObject({ number: 2, status: 'succeeded' });
  });

  it('a crash in the last attempt exhausts the notification without another request', async () => {
    const { merchantId } = await subscribed({ schedule: [0] });
    const due = await world.announce(merchantId);
    const crashed = world.dyingNotifier();
    await crashed.handle(due);
    await until(async () => (await attempts()).length === 1);
    await world.makeDue();
    await sweep();
    expect(server.received).toHaveLength(0);
    expect((await rows())[0]).toMatchObject({ status: 'exhausted', attempts: 1 });
    expect(await attempts()).toHaveLength(1);
    expect((await incidents()).map((one) => one.kind)).toEqual(['notification_exhausted']);
  });

  it('a process that was stopped for longer than its lease cannot overwrite what its successor did', async () => {
    const { merchantId } = await subscribed({ schedule: [0, 0, 0] });
    const due = await world.announce(merchantId);
    let wake = (): void => undefined;
    const asleep = new Promise<void>((resolve) => (wake = resolve));
    const answer = { kind: 'answered', status: 500, retryAfter: undefined, body: '', cut: false } as const;
    const http = { post: () => asleep.then(() => answer), close: () => Promise.resolve() };
    const stopped = world.notifier({ http });
    await stopped.handle(due);
    await until(async () => (await attempts()).length === 1);
    await world.makeDue();
    await sweep();
    wake();
    await stopped.settled();
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 2, last_error: null });
    expect((await attempts()).map((one) => one.status)).toEqual(['failed', 'succeeded']);
    expect((await attempts())[0]!.error).toContain('unknown');
  });

  it('many processes that are given the same notifications send each once', async () => {
    const { merchantId } = await subscribed();
    const orders = await Promise.all(Array.from({ length: 100 }, () => world.order(merchantId)));
    const due = await world.announce(merchantId, orders);
    const notifiers = Array.from({ length: 4 }, () => world.notifier());
    await Promise.all(notifiers.flatMap((one) => [one.handle(due), one.handle([...due].reverse())]));
    await Promise.all(notifiers.map((one) => one.settled()));
    expect(server.received).toHaveLength(100);
    expect(new Set(server.received.map((one) => one.id)).size).toBe(100);
    expect((await rows()).every((row) => row.status === 'delivered' && row.attempts === 1)).toBe(true);
  });

  it('an outage of the database while the result is written is outlived', async () => {
    const { merchantId } = await subscribed();
    let failures = 0;
    const flaky = {
      ...world.db,
      transact: ((name, work, isolation) => {
        if (server.received.length === 0 || failures >= 2) return world.db.transact(name, work, isolation);
        failures += 1;
        return Promise.reject(new Unavailable('database orders', new Error('gone')));
      }) as typeof world.db.transact,
    };
    const notifier = world.notifier({ db: flaky });
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect(failures).toBe(2);
    expect(server.received).toHaveLength(1);
    expect((await rows())[0]).toMatchObject({ status: 'delivered', attempts: 1 });
  });

  it('what is in flight when an endpoint is disabled is recorded and changes nothing', async () => {
    const { merchantId, id } = await subscribed();
    const [isDisabled, disabled] = signal();
    server.script({ status: 200, when: isDisabled });
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await until(() => Promise.resolve(server.received.length === 1));
    await world.endpoints.disable(merchantId, id, 'for the test');
    disabled();
    await notifier.settled();
    expect((await rows())[0]).toMatchObject({ status: 'endpoint_disabled' });
    expect((await attempts())[0]).toMatchObject({ status: 'succeeded', http_status: 200 });
  });

  it('a secret that cannot be opened is a failed attempt, not a lost notification', async () => {
    const { merchantId } = await subscribed();
    await world.query(`update orders.notification_endpoints set sealed_secret = 'v1.unknown.a.b.c'`);
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId));
    await notifier.settled();
    expect(server.received).toHaveLength(0);
    expect((await rows())[0]).toMatchObject({ status: 'scheduled', attempts: 1 });
  });

  it('draining finishes what is in flight and leaves the rest to others', async () => {
    const { merchantId } = await subscribed();
    const [isDraining, begun] = signal();
    server.usually({ status: 200, when: isDraining });
    const orders = await Promise.all(Array.from({ length: 6 }, () => world.order(merchantId)));
    const due = await world.announce(merchantId, orders);
    const notifier = world.notifier({ limits: { perEndpoint: 2 } });
    await notifier.handle(due);
    await until(() => Promise.resolve(server.received.length === 2));
    const drained = notifier.drain();
    begun();
    await drained;
    await notifier.handle(due);
    const states = (await rows()).map((row) => row.status).sort();
    expect(states).toEqual(['delivered', 'delivered', 'scheduled', 'scheduled', 'scheduled', 'scheduled']);
    expect((await attempts()).every((one) => one.status === 'succeeded')).toBe(true);
  });
});

describe('a dead endpoint', () => {
  it('does not delay the others, and never gets more than its places', async () => {
    const dead = await startMerchantServer();
    dead.usually('silence');
    const deadMerchant = await world.merchant();
    await world.endpoint(deadMerchant, dead.url);
    const { merchantId } = await subscribed();
    const orders = await Promise.all(Array.from({ length: 100 }, () => world.order(deadMerchant)));
    const notifier = world.notifier({
      timeoutMs: 300_000,
      limits: { inFlight: 20, perEndpoint: 10, suspectsInFlight: 4 },
    });
    await notifier.handle(await world.announce(deadMerchant, orders));
    await until(() => Promise.resolve(dead.received.length > 0));
    const due = await world.announce(
      merchantId,
      await Promise.all(Array.from({ length: 50 }, () => world.order(merchantId))),
    );
    await notifier.handle(due);
    await until(() => Promise.resolve(server.received.length === 50));
    // None of the dead one's attempts had come to its end, so nobody waited for one.
    const [ends] = await world.query<{ ended: number }>(
      `select count(*)::int as ended from orders.notification_attempts a join orders.notifications n on n.id = a.notification_id
        where n.merchant_id = $1 and a.status <> 'started'`,
      [deadMerchant],
    );
    expect(ends).toEqual({ ended: 0 });
    expect(dead.mostAtOnce()).toBeLessThanOrEqual(10);
    await dead.close();
    await notifier.drain();
  });
});

describe('what the queue lost', () => {
  it('is found by the sweep when its hint is late, once', async () => {
    const { merchantId } = await subscribed();
    await world.announce(merchantId);
    const notifier = world.notifier();
    expect(await notifier.findOverdue(10)).toEqual([]);
    await world.query(`update orders.notifications set enqueued_until = clock_timestamp() - interval '1 second'`);
    const found = await notifier.findOverdue(10);
    expect(found).toHaveLength(1);
    expect(await notifier.findOverdue(10)).toEqual([]);
  });
});

describe('the merchant who asks', () => {
  it('sees every notification of an order with every attempt, and nobody else does', async () => {
    const { merchantId } = await subscribed();
    server.script({ status: 500, body: 'sorry' });
    const order = await world.order(merchantId);
    const notifier = world.notifier();
    await notifier.handle(await world.announce(merchantId, [order]));
    await notifier.settled();
    const deliveries = createDeliveries({ db: world.db });
    const [delivery] = await deliveries.ofOrder(merchantId, order, undefined, 10);
    expect(delivery).toMatchObject({ type: 'order.paid', status: 'scheduled', url: server.url });
    expect(delivery!.attempts).toEqual([
      expect.objectContaining({ number: 1, status: 'failed', httpStatus: 500, excerpt: 'sorry' }),
    ]);
    await expect(deliveries.ofOrder(await world.merchant(), order, undefined, 10)).rejects.toMatchObject({
      code: 'not_found',
    });
  });
});

it('the test server refuses a webhook with a wrong signature, so that the tests above can fail', async () => {
  server.useSecrets(`whsec_${Buffer.alloc(32, 1).toString('base64')}`);
  const wrong = new Webhook(`whsec_${Buffer.alloc(32, 2).toString('base64')}`);
  const now = new Date();
  await fetch(server.url, {
    method: 'POST',
    body: '{}',
    headers: {
      'webhook-id': 'ntf_1',
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': wrong.sign('ntf_1', now, '{}'),
    },
  });
  expect(server.received[0]!.verified).toEqual([false]);
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Something to wait for, and how to say that it has happened. */
function signal(): [Promise<void>, () => void] {
  let say = (): void => undefined;
  const said = new Promise<void>((resolve) => (say = resolve));
  return [
    said,
    () => {
      say();
    },
  ];
}
