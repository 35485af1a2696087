import { Unavailable } from '../../src/core/errors';
import { systemClock } from '../../src/core/clock';
import { createIds, type MessageId } from '../../src/core/ids';
import { createOutbox } from '../../src/consistency/outbox/append';
import { type StuckMessage, createOutboxWorker } from '../../src/consistency/outbox/consume';
import type { Consumed, HandOver, Outbox, OutboxMessage } from '../../src/consistency/outbox/outbox';
import { createOwnMessages } from '../../src/consistency/outbox/own-messages';
import { inTransaction } from '../../src/consistency/transaction';
import { type TestDatabases, testDatabases } from '../support/databases';
import { idTracer, quietLogger } from '../support/quiet';
import { until } from '../support/scenario';

interface OutboxState {
  readonly event_key: string;
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}

describe('the outbox', () => {
  const ids = createIds(systemClock);
  const hinted: MessageId[] = [];
  const hints = { outbox: (due: readonly MessageId[]) => void hinted.push(...due) };
  const outbox = createOutbox({ own: createOwnMessages({ ids }, 12_000), hints });
  let world: TestDatabases;

  beforeAll(async () => {
    world = await testDatabases();
  });
  afterAll(() => world.close());
  beforeEach(() => world.databases.orders.knex.raw('truncate orders.outbox'));

  const message = (eventKey: string, topic = 'test'): OutboxMessage => ({
    id: ids.next(),
    topic,
    eventKey,
    version: 1,
    payload: { eventKey, amount: '10.00' },
    traceparent: null,
  });

  const append = (messages: readonly OutboxMessage[], by: Outbox = outbox): Promise<HandOver> =>
    inTransaction(world.databases.orders, 'test', (tx) => Promise.resolve(by.append(tx, messages)));

  function worker(answer: (message: OutboxMessage) => Consumed, options: { stuckAfter?: number } = {}) {
    const consumed: string[] = [];
    const stuck: StuckMessage[] = [];
    const made = createOutboxWorker({
      db: world.databases.orders,
      consumers: [
        {
          topic: 'test',
          consume: (messages) => {
            consumed.push(...messages.map((one) => one.eventKey));
            return Promise.resolve(messages.map(answer));
          },
        },
      ],
      ids,
      jitter: () => 0,
      logger: quietLogger,
      tracer: idTracer,
      backoff: { firstMs: 2, capMs: 20 },
      onStuck: (_tx, messages) => {
        stuck.push(...messages);
        return Promise.resolve();
      },
      ...options,
    });
    return { ...made, consumed, stuck };
  }

  async function rows(): Promise<OutboxState[]> {
    const found = await world.databases.orders.knex.raw<{ rows: OutboxState[] }>(
      'select event_key, status, attempts, last_error from orders.outbox order by event_key',
    );
    return found.rows;
  }

  const done = (): Consumed => ({ kind: 'done' });

  it('keeps one message per event, whichever transaction appends it, in whatever order', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `event ${index}`);
    await Promise.all([
      append(keys.map((key) => message(key))),
      append(keys.toReversed().map((key) => message(key))),
      append([message('event 1'), message('event 1')]),
    ]);
    expect((await rows()).map((row) => row.event_key)).toEqual([...keys].sort());
  });

  it('forgets the message with the transaction that was rolled back', async () => {
    const failing = inTransaction(world.databases.orders, 'test', (tx) => {
      outbox.append(tx, [message('never')]);
      return Promise.reject(new Error('no'));
    });
    await expect(failing).rejects.toThrow('no');
    expect(await rows()).toEqual([]);
  });

  it('consumes a message once, however often and from how many workers it is handed', async () => {
    const messages = Array.from({ length: 300 }, (_, index) => message(`event ${index}`));
    await append(messages);
    const keys = messages.map((one) => one.id);
    const workers = [worker(done), worker(done), worker(done)];
    await Promise.all(workers.flatMap((one) => [one.handle(keys), one.handle(keys)]));
    await workers[0]!.handle(keys);
    const consumed = workers.flatMap((one) => one.consumed);
    expect(consumed).toHaveLength(300);
    expect((await rows()).every((row) => row.status === 'done')).toBe(true);
  });

  it('gives the consumer the message as it was appended', async () => {
    const appended = message('event');
    await append([appended]);
    let seen: OutboxMessage | undefined;
    await worker((one) => {
      seen = one;
      return { kind: 'done' };
    }).handle([appended.id]);
    expect(seen).toEqual(appended);
  });

  it('repeats what failed, alone, and reports it at every so many attempts', async () => {
    const [good, bad] = [message('good'), message('bad')];
    await append([good, bad]);
    const one = worker(
      ({ eventKey }) => (eventKey === 'good' ? { kind: 'done' } : { kind: 'failed', reason: 'poison' }),
      {
        stuckAfter: 2,
      },
    );
    for (let run = 0; run < 4; run += 1) {
      await one.handle([good.id, bad.id]);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    expect(one.consumed.filter((key) => key === 'good')).toHaveLength(1);
    expect(one.consumed.filter((key) => key === 'bad')).toHaveLength(4);
    expect(one.stuck.map(({ eventKey, attempts, error }) => [eventKey, attempts, error])).toEqual([
      ['bad', 2, 'poison'],
      ['bad', 4, 'poison'],
    ]);
    expect(await rows()).toEqual([
      { event_key: 'bad', status: 'due', attempts: 4, last_error: 'poison' },
      { event_key: 'good', status: 'done', attempts: 1, last_error: null },
    ]);
    const healed = worker(done);
    await healed.handle([bad.id]);
    expect((await rows())[0]).toMatchObject({ status: 'done' });
  });

  it('keeps for later what no consumer knows and what a consumer could not reach its database for', async () => {
    const [strange, known] = [message('strange', 'other'), message('known')];
    await append([strange, known]);
    const one = worker(() => {
      throw new Unavailable('database accounting', new Error('down'));
    });
    await one.handle([strange.id, known.id]);
    expect(await rows()).toEqual([
      { event_key: 'known', status: 'due', attempts: 1, last_error: 'database accounting is unavailable: down' },
      { event_key: 'strange', status: 'due', attempts: 1, last_error: 'no consumer knows the topic "other"' },
    ]);
  });

  it('tells the sweep of a message when its hint is overdue, and then not again for a while', async () => {
    const appended = message('lost');
    await append([appended]);
    const one = worker(done);
    expect(await one.findOverdue(10)).toEqual([]);
    await world.databases.orders.knex.raw(`update orders.outbox set enqueued_until = clock_timestamp()`);
    const found: readonly MessageId[] = await one.findOverdue(10);
    expect(found).toEqual([appended.id]);
    expect(await one.findOverdue(10)).toEqual([]);
    await one.handle(found);
    await world.databases.orders.knex.raw(`update orders.outbox set enqueued_until = clock_timestamp()`);
    expect(await one.findOverdue(10)).toEqual([]);
  });

  it('goes from hand to hand where the process that appends it consumes it, and nobody else may take it', async () => {
    const { handle, handleOwn, consumed } = worker(done);
    const own = createOwnMessages({ ids }, 12_000);
    own.start(handleOwn);
    hinted.length = 0;
    const mine = Array.from({ length: 450 }, (_, index) => message(`event ${index}`));
    const handOver = await append(mine, createOutbox({ own, hints }));
    await handle(mine.map((one) => one.id));
    expect(consumed).toEqual([]);
    handOver();
    await own.idle();
    expect(consumed).toEqual(mine.map((one) => one.eventKey));
    expect((await rows()).every((row) => row.status === 'done' && row.attempts === 1)).toBe(true);
    expect(hinted).toEqual([]);
  });

  it('is put back where its own process fails on it, and counts both attempts', async () => {
    const answers: Consumed[] = [{ kind: 'failed', reason: 'the books are shut' }];
    const { handle, handleOwn, consumed } = worker(() => answers.shift() ?? { kind: 'done' });
    const own = createOwnMessages({ ids }, 12_000);
    own.start(handleOwn);
    const mine = message('event');
    (await append([mine], createOutbox({ own, hints })))();
    await own.idle();
    expect(await rows()).toMatchObject([{ status: 'due', attempts: 1, last_error: 'the books are shut' }]);
    await until('it is consumed', async () => {
      await handle([mine.id]);
      return consumed.length === 2;
    });
    expect(await rows()).toMatchObject([{ status: 'done', attempts: 2, last_error: null }]);
  });

  it('is found by others where its own process died with it', async () => {
    const { handle, handleOwn, findOverdue, consumed } = worker(done);
    const dead = createOwnMessages({ ids }, 50);
    dead.start(handleOwn);
    const left = message('event');
    await append([left], createOutbox({ own: dead, hints }));
    await until('it is found', async () => {
      await handle(await findOverdue(10));
      return consumed.length === 1;
    });
    expect(await rows()).toMatchObject([{ event_key: 'event', status: 'done', attempts: 2 }]);
  });

  it('goes to the queue where its own process does not keep up, or has stopped', async () => {
    const own = createOwnMessages({ ids }, 12_000);
    let release = (): void => undefined;
    own.start(() => new Promise((resolve) => (release = resolve)));
    const by = createOutbox({ own, hints });
    const many = Array.from({ length: 2_000 }, (_, index) => message(`event ${index}`));
    (await append(many, by))();
    hinted.length = 0;
    const beyond = Array.from({ length: 300 }, (_, index) => message(`beyond ${index}`));
    (await append(beyond, by))();
    expect(hinted).toEqual(beyond.map((one) => one.id));
    hinted.length = 0;
    own.stop();
    const last = message('last');
    (await append([last], by))();
    expect(hinted).toEqual([last.id]);
    const idle = own.idle();
    for (let lists = 0; lists < 10; lists += 1) {
      release();
      await new Promise(setImmediate);
    }
    await idle;
  });
});
