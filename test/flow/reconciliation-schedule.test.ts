import { systemJitter } from '../../src/core/backoff';
import { systemClock } from '../../src/core/clock';
import { type Queues, createQueues } from '../../jobs/queues';
import { reconcileDaily, reconciliationSchedule } from '../../jobs/reconcile';
import { type QueueServer, postgresQueueServer, redisQueueServer } from '../support/queue-server';
import { idTracer } from '../support/quiet';
import { describeWithRedis } from '../support/redis';

const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error('it did not come about in time');
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

function keepsItsSchedule(start: () => Promise<QueueServer>): void {
  let server: QueueServer;
  let queues: Queues;
  beforeEach(async () => {
    server = await start();
    queues = createQueues({ ...server, jitter: systemJitter, logger: silent, tracer: idTracer });
  });
  afterEach(async () => {
    await queues.close();
    await server.close();
  });

  it('does the day’s work at its time, however often it is scheduled, and again after the queue has lost everything', async () => {
    let times = 0;
    const daily = (): Promise<void> => {
      times += 1;
      return Promise.resolve();
    };
    // With a sixth field in front the pattern counts seconds.
    const schedule = reconciliationSchedule(queues, '* * * * * *', daily, systemClock);
    reconcileDaily(queues, daily);
    await until(async () => (await schedule.run(), queues.areOpen()));
    await Promise.all([schedule.run(), schedule.run(), schedule.run()]);
    await until(() => times >= 2);
    await server.loseEverything();
    const before = times;
    await until(async () => (await schedule.run(), times >= before + 2));
  });

  it('does it without the queue, once an hour, where the queue is away for that long', async () => {
    await until(() => queues.areOpen());
    await server.down();
    let times = 0;
    let elapsed = 0;
    const clock = { ...systemClock, elapsed: () => elapsed };
    const daily = (): Promise<void> => {
      times += 1;
      return Promise.resolve();
    };
    const schedule = reconciliationSchedule(queues, '0 0 1 1 *', daily, clock);
    await schedule.run();
    expect(times).toBe(0);
    elapsed += 3_600_001;
    await schedule.run();
    await schedule.run();
    expect(times).toBe(1);
  });
}

describe('the schedule of the reconciliation on PostgreSQL', () => {
  keepsItsSchedule(postgresQueueServer);
});

describeWithRedis('the schedule of the reconciliation on Redis', () => {
  keepsItsSchedule(redisQueueServer);
});
