import { systemJitter } from '../../src/core/backoff';
import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { createOwnFirstAttempts } from '../../src/notifications/first-attempts';
import { createOwnMessages } from '../../src/consistency/outbox/own-messages';
import { type QueueHints, createHints } from '../../jobs/hints';
import { overdueSweep } from '../../jobs/overdue-sweep';
import { type Queues, createQueues } from '../../jobs/queues';
import { createSweeps } from '../../jobs/sweep';
import { createWorkers } from '../../jobs/workers';
import { startMerchantServer } from '../support/merchant-server';
import { notificationWorld } from '../support/notification-world';
import { measureOwnTime } from '../support/own-time';
import { type QueueServer, postgresQueueServer, redisQueueServer } from '../support/queue-server';
import { idTracer } from '../support/quiet';
import { describeWithRedis } from '../support/redis';

const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };
const tools = { jitter: systemJitter, logger: silent, tracer: idTracer };

describe('the queue on PostgreSQL', () => {
  behavesAsQueue(postgresQueueServer);

  it('uses few connections and no more under load', async () => {
    const server = await postgresQueueServer();
    const queues = createQueues({ ...server, ...tools });
    const hints = createHints(queues, silent);
    const seen = new Set<string>();
    for (const concern of ['outbox', 'notifications'] as const) {
      queues.work(concern, 4, async (ids) => {
        ids.forEach((id) => seen.add(id));
        await new Promise((resolve) => setTimeout(resolve, 5));
      });
    }
    await until(() => queues.areOpen());
    for (let round = 0; round < 50; round += 1) {
      hints.notifications([`n${round}`]);
      hints.outbox([`o${round}`] as never);
      await hints.idle();
    }
    await until(() => seen.size === 100);
    expect(await server.connections()).toBeLessThanOrEqual(6);
    await queues.close();
    await server.close();
  });
});

describeWithRedis('the queue on Redis', () => {
  behavesAsQueue(redisQueueServer);
});

function behavesAsQueue(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let queues: Queues;
  let hints: QueueHints;

  beforeEach(async () => {
    server = await start();
  });
  afterEach(async () => {
    await queues.close();
    await server.close();
  });
  const open = (): void => {
    queues = createQueues({ ...server, ...tools });
    hints = createHints(queues, silent);
  };

  it('brings every hint to a worker, many ids to a job', async () => {
    open();
    await until(() => queues.areOpen());
    const jobs: (readonly string[])[] = [];
    queues.work('notifications', 2, (ids) => {
      jobs.push(ids);
      return Promise.resolve();
    });
    const ids = Array.from({ length: 1_000 }, (_, number) => `id-${number}`);
    for (const id of ids) hints.notifications([id]);
    await until(() => jobs.flat().length >= 1_000);
    expect(jobs.flat().sort()).toEqual([...ids].sort());
    expect(jobs.length).toBeLessThanOrEqual(6);
    expect(Math.max(...jobs.map((job) => job.length))).toBe(200);
    expect(hints.dropped()).toBe(0);
  });

  it('gets what becomes due while it is being opened for the first time', async () => {
    open();
    const seen: string[] = [];
    queues.work('notifications', 1, (ids) => {
      seen.push(...ids);
      return Promise.resolve();
    });
    expect(queues.areOpen()).toBe(false);
    hints.notifications(['early']);
    await until(() => seen.length === 1);
    expect([seen, hints.dropped()]).toEqual([['early'], 0]);
  });

  it('does not give a job again whose handler threw', async () => {
    open();
    await until(() => queues.areOpen());
    let handled = 0;
    queues.work('outbox', 1, () => {
      handled += 1;
      return Promise.reject(new Error('the database is away'));
    });
    hints.outbox(['m'] as never);
    await until(() => handled === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(handled).toBe(1);
  });

  it('that is down at the start keeps nobody waiting and is used when it comes', async () => {
    await server.down();
    open();
    const seen: string[] = [];
    queues.work('notifications', 1, (ids) => {
      seen.push(...ids);
      return Promise.resolve();
    });
    hints.notifications(['lost']);
    await hints.idle();
    expect(hints.dropped()).toBe(1);
    expect(queues.areOpen()).toBe(false);
    await server.up();
    await until(() => queues.areOpen());
    hints.notifications(['found']);
    await until(() => seen.length > 0);
    expect(seen).toEqual(['found']);
  });

  it('that goes away and comes back is used again', async () => {
    open();
    await until(() => queues.areOpen());
    const seen = new Set<string>();
    queues.work('notifications', 1, (ids) => {
      ids.forEach((id) => seen.add(id));
      return Promise.resolve();
    });
    hints.notifications(['before']);
    await until(() => seen.has('before'));
    await server.down();
    hints.notifications(['meanwhile']);
    await hints.idle();
    expect(hints.dropped()).toBe(1);
    await server.up();
    // The queue may need a moment to find its server again: hints are dropped until then, as they may be.
    await until(() => {
      hints.notifications(['after']);
      return seen.has('after');
    });
  });

  it('is closed without waiting, whether it is up, down, or was never reached', async () => {
    await server.down();
    open();
    queues.work('outbox', 1, () => Promise.resolve());
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ofBoth = measureOwnTime();
    const ofOneNeverReached = measureOwnTime();
    await queues.close();
    expect(ofOneNeverReached()).toBeLessThan(3_000);
    await server.up();
    open();
    queues.work('outbox', 1, () => Promise.resolve());
    await until(() => queues.areOpen());
    await server.down();
    await queues.close();
    expect(ofBoth()).toBeLessThan(15_000);
  });

  it('may be lost entirely, told twice, or be away: every notification arrives, once', async () => {
    const world = await notificationWorld();
    const merchant = await startMerchantServer();
    const merchantId = await world.merchant();
    await world.endpoint(merchantId, merchant.url);
    const notifier = world.notifier();
    const nothing = (): Promise<void> => Promise.resolve();
    const outbox = { handle: nothing, handleOwn: nothing, findOverdue: () => Promise.resolve([]) };
    open();
    await until(() => queues.areOpen());
    const workers = createWorkers({
      queues,
      hints,
      own: createOwnMessages({ ids: createIds(systemClock) }, 12_000),
      first: createOwnFirstAttempts(),
      queueEverything: true,
      outbox,
      notifier,
      sweeps: [],
      reconcile: () => Promise.resolve(),
      ...tools,
    });
    const announce = async (): Promise<readonly string[]> =>
      world.announce(merchantId, await Promise.all(Array.from({ length: 20 }, () => world.order(merchantId))));

    const lost = await announce();
    hints.notifications(lost);
    await hints.idle();
    await server.loseEverything();
    workers.start();
    const twice = await announce();
    hints.notifications(twice);
    hints.notifications([...twice].reverse());
    await until(() => merchant.received.length >= 20);
    // The time for which the hint was trusted passes.
    await world.query(`update orders.notifications set enqueued_until = clock_timestamp() where status = 'scheduled'`);
    await until(() => merchant.received.length >= 40);

    await server.down();
    const away = await announce();
    hints.notifications(away);
    await world.query(`update orders.notifications set enqueued_until = clock_timestamp() where status = 'scheduled'`);
    await until(() => merchant.received.length >= 60);
    await server.up();
    await workers.drain();
    expect(new Set(merchant.received.map((one) => one.id)).size).toBe(60);
    expect(merchant.received).toHaveLength(60);
    await merchant.close();
    await world.close();
  });
}

describe('sweeps', () => {
  it('never overlap, run again at once while pages are full, and stop cleanly', async () => {
    const found = [100, 100, 7];
    let running = 0;
    let most = 0;
    let runs = 0;
    const run = async (): Promise<number> => {
      runs += 1;
      most = Math.max(most, (running += 1));
      await new Promise((resolve) => setTimeout(resolve, 20));
      running -= 1;
      return found.shift() ?? 0;
    };
    const sweeps = createSweeps([{ name: 'test', everyMs: 60_000, fullPage: 100, run }], tools);
    sweeps.start();
    await until(() => runs === 3 && running === 0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([runs, most]).toEqual([3, 1]);
    await sweeps.stop();
    expect(running).toBe(0);
  });

  it('go on after a failure, and one that hangs holds up no other', async () => {
    let failures = 0;
    let others = 0;
    const sweeps = createSweeps(
      [
        { name: 'failing', everyMs: 10, run: () => Promise.reject(new Error(String((failures += 1)))) },
        { name: 'other', everyMs: 10, run: () => Promise.resolve((others += 1)) },
      ],
      tools,
    );
    sweeps.start();
    await until(() => failures > 3 && others > 3);
    await sweeps.stop();
    const after = others;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(others).toBe(after);
  });

  it('do the work themselves where the queue is down', async () => {
    const handled: string[] = [];
    const sweep = overdueSweep(
      'notifications',
      { add: () => Promise.resolve(false), taken: () => 0 },
      {
        findOverdue: () => Promise.resolve(['a', 'b']),
        handle: (ids) => {
          handled.push(...ids);
          return Promise.resolve();
        },
      },
    );
    expect(await sweep.run()).toBe(2);
    expect(handled).toEqual(['a', 'b']);
  });

  it('do the work themselves where the queue takes everything and hands out nothing', async () => {
    const [handled, added]: string[][] = [[], []];
    let taken = 7;
    let overdue = ['a', 'b'];
    const sweep = overdueSweep(
      'outbox',
      {
        add: (_, ids) => {
          added!.push(...ids);
          return Promise.resolve(true);
        },
        taken: () => taken,
      },
      {
        findOverdue: () => Promise.resolve(overdue),
        handle: (ids) => {
          handled!.push(...ids);
          return Promise.resolve();
        },
      },
    );
    await sweep.run();
    expect([added, handled]).toEqual([['a', 'b'], []]);
    // A job was taken since: the queue is alive, and may have failed at these.
    taken += 1;
    await sweep.run();
    expect([added, handled]).toEqual([['a', 'b', 'a', 'b'], []]);
    overdue = ['a', 'b', 'c'];
    await sweep.run();
    expect([added, handled]).toEqual([
      ['a', 'b', 'a', 'b', 'c'],
      ['a', 'b'],
    ]);
  });
});

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come true');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
