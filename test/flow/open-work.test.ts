import { type Database, inTransaction, statement } from '../../src/consistency/transaction';
import { searchReceipts } from '../../src/callbacks/views/receipts-view-store';
import { searchTransactions } from '../../src/callbacks/views/transactions-view-store';
import { createPools } from '../../src/database/pools';
import { listDeliveries } from '../../src/notifications/delivery-store';
import { searchMessages } from '../../src/open-work/messages-view-store';
import { retryStore } from '../../src/open-work/retry-store';
import { WORK } from '../../src/open-work/work';
import { type CommandLine, commandLine } from '../support/command-line';
import { mortalDatabases } from '../support/crash-points';
import { startMerchantServer } from '../support/merchant-server';
import { NO_QUEUE } from '../support/service-world';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** What is stuck is seen with its reason, and moved on by a person: through the command line, and so through the API. */
async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe('after an outage', () => {
  let world: World;
  let line: CommandLine;
  let merchant: Merchant;
  let channel: Channel;
  const closing: (() => Promise<void>)[] = [];

  const sql = (text: string): Promise<Json[]> => world.query(text);
  const hasFailed = async (table: string): Promise<boolean> =>
    (await sql(`select 1 from orders.${table} where lease_token is null and last_error is not null`)).length > 0;

  /** A decided payment whose Confirm of the points, a posted one without its voucher, and money of an unknown order. */
  beforeAll(async () => {
    world = await startWorld({ working: false, transactionDeadlineMs: 300 });
    line = await commandLine(world);
    [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: 'http://127.0.0.1:65535/' });
    const mortal = mortalDatabases(world.test.databases, { schema: 'points', commit: 2, side: 'before' });
    const dying = await startWorld({
      on: { test: { ...world.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: world.masterKey },
      working: false,
      transactionDeadlineMs: 300,
    });
    await dying.send(channel, world.paid(channel, await world.order(merchant, { customer: 'anna' }))).expect(204);
    await mortal.stopped;
    closing.push(async () => {
      mortal.goOn();
      await dying.stop();
    });

    // A process to which points and books are away tries, and puts off.
    const away = createPools({ ...world.test.urls, points: NO_QUEUE.points, accounting: NO_QUEUE.accounting });
    const cut = { databases: away.databases, urls: NO_QUEUE, close: () => away.close() };
    const failing = await startWorld({ on: { test: cut, masterKey: world.masterKey }, transactionDeadlineMs: 300 });
    await sql(`update orders.outbox set enqueued_until = now()`);
    await until('a transaction that fails', () => hasFailed('global_transactions'));
    await until('a message that fails', () => hasFailed('outbox'));
    await failing.stop();
    await away.close();
    await world
      .send(channel, world.paid(channel, await world.order(merchant), { paymentReference: 'nobodys' }))
      .expect(503);
    // The backoff has grown, and the outage is an hour old.
    const later = `lease_token = null, attempts = 9, next_try_at = now() + interval '1 hour'`;
    await sql(
      `update orders.global_transactions set ${later}, created_at = now() - interval '1 hour' where ended_at is null`,
    );
    await sql(`update orders.outbox set ${later}, created_at = now() - interval '1 hour' where status = 'due'`);
    await sql(`update orders.receipts set received_at = now() - interval '1 hour'`);
    await sql(`update orders.receipts set ${later} where status = 'waiting'`);
    await sql(`update orders.notifications
      set put_off = true, next_try_at = now() - interval '1 hour', enqueued_until = now() + interval '15 minutes'`);
  }, 240_000);
  afterAll(async () => {
    await line.close();
    for (const close of closing) await close();
    await world.stop();
  });

  it('shows of everything that is stuck why, how often it was tried, when again, how old it is, and its trace', async () => {
    const common = {
      age_seconds: expect.any(Number),
      trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    };
    const put = { next_try_at: expect.any(String), worked_on: false };
    const narrow = ['--stuck', '--older-than', '30m'];
    const [transaction, ...others] = await line.json('tcc', 'list', ...narrow, '--min-attempts', '2');
    expect(others).toEqual([]);
    const why = expect.stringMatching(/points/);
    expect(transaction).toMatchObject({ ...common, ...put, status: 'confirming', attempts: 9, last_error: why });
    expect(transaction.age_seconds).toBeGreaterThanOrEqual(3_600);
    const [message] = await line.json('outbox', 'list', ...narrow, '--min-attempts', '2');
    expect(message).toMatchObject({ ...common, ...put, status: 'due', topic: 'voucher' });
    expect(message.last_error).toMatch(/accounting/);
    expect(await line.quittance('outbox', 'show', message.id)).toContain(message.receipt);
    const receipts = await line.json('receipts', 'list', ...narrow);
    expect(receipts.map((one: Json) => one.status).sort()).toEqual(['decided', 'waiting']);
    expect(receipts.find((one: Json) => one.status === 'waiting')).toMatchObject({ ...common, ...put });
    const [notification] = await line.json('notifications', 'list', '--stuck');
    expect(notification).toMatchObject({ ...common, put_off: true, status: 'scheduled' });
    expect(await line.quittance('transactions', 'list', '--stuck')).toContain(transaction.last_error);
    for (const list of ['tcc', 'outbox', 'receipts', 'notifications']) {
      expect(await line.json(list, 'list', '--older-than', '2h')).toEqual([]);
      expect(await line.json(list, 'list', '--min-attempts', '1000')).toEqual([]);
    }
    await expect(line.quittance('tcc', 'list', '--older-than', 'long')).rejects.toThrow(/expected an age/);
  });

  it('leaves alone what is worked on, what the flow has in hand, and the schedules of merchants', async () => {
    await sql(`update orders.outbox set lease_token = gen_random_uuid()`);
    await sql(`update orders.global_transactions set last_error = null where ended_at is null`);
    await sql(`update orders.receipts set lease_token = gen_random_uuid() where status = 'waiting'`);
    await sql(`update orders.notifications set next_try_at = now() + interval '1 hour'`);
    expect(await line.json('retry', '--all-due')).toEqual(Object.fromEntries(WORK.map((one) => [one, 0])));
    const [message] = await line.json('outbox', 'list', '--status', 'due');
    expect(message.worked_on).toBe(true);
    await expect(line.quittance('outbox', 'retry', message.id)).rejects.toThrow(/not_retryable: it is being worked on/);
    const [{ id }] = (await line.json('receipts', 'list')).filter((one: Json) => one.status === 'decided');
    await expect(line.quittance('receipts', 'retry', id)).rejects.toThrow(/not_retryable: it does not wait/);
    await sql(`update orders.outbox set lease_token = null`);
    await sql(`update orders.global_transactions set last_error = 'points' where ended_at is null`);
    await sql(`update orders.receipts set lease_token = null where status = 'waiting'`);
    await sql(`update orders.notifications set next_try_at = now() - interval '1 hour'`);
  });

  it('narrows a retry to what is old or was tried often, and to one', async () => {
    const all = ['tcc', 'retry', '--all'];
    expect(await line.json(...all, '--older-than', '2h')).toEqual({ transactions: 0 });
    expect(await line.json(...all, '--min-attempts', '1000')).toEqual({ transactions: 0 });
    const [{ id }] = await line.json('tcc', 'list', '--open');
    const retried = await line.json('tcc', 'retry', id);
    expect(new Date(retried.next_try_at).getTime()).toBeLessThanOrEqual(Date.now() + 1_000);
    await expect(line.quittance('tcc', 'retry')).rejects.toThrow(/name one transaction, or give --all/);
    await expect(line.quittance('tcc', 'retry', id, '--all')).rejects.toThrow(/name one transaction/);
    await sql(`update orders.global_transactions set next_try_at = now() + interval '1 hour' where ended_at is null`);
  });

  it('tries everything now that waits, records who asked for it, and all of it ends well', async () => {
    expect(await line.json('retry', '--all-due')).toEqual(Object.fromEntries(WORK.map((one) => [one, 1])));
    expect(await line.json('retry', '--all-due')).toEqual(Object.fromEntries(WORK.map((one) => [one, 0])));
    const { data } = await world.admin('get', '/operator-actions?operation=retryWork&limit=1');
    expect(data[0]).toMatchObject({ operator: 'operator', path: '/admin/work/retry', outcome: { status: 200 } });
    const recovering = await startWorld({ on: world });
    closing.push(() => recovering.stop());
    await world.settled();
    await until('an attempt to tell the merchant', async () => {
      const [one] = await line.json('notifications', 'list', '--status', 'scheduled');
      return one.attempts_made > 0;
    });
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.suspense()).toBe('100.00');
    await recovering.mustBeSound();
  });
});

it('makes thousands due page by page, the oldest first, while others are worked on', async () => {
  const world = await startWorld({ working: false });
  const line = await commandLine(world);
  await world.query(
    `insert into orders.outbox (id, topic, event_key, version, payload, enqueued_until, last_error, next_try_at)
     select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'test', n::text, 1, '{}', now(), 'why',
            now() + (3000 - n) * interval '1 second' from generate_series(1, 2500) n`,
  );
  await world.query(`update orders.outbox set lease_token = gen_random_uuid() where event_key = '7'`);
  const before = await world.query<{ now: Date }>('select clock_timestamp() as now');
  expect(await line.json('outbox', 'retry', '--all')).toEqual({ messages: 2_499 });
  const rows = await world.query<{ event_key: string; late: boolean }>(
    `select event_key, next_try_at > clock_timestamp() as late from orders.outbox order by next_try_at limit 1000`,
  );
  // The first page held the 1,000 that were due first: those with the highest numbers, and among them age decides.
  expect(rows.map((row) => Number(row.event_key))).toEqual(Array.from({ length: 1_000 }, (_, index) => 1_501 + index));
  expect(await world.query(`select event_key from orders.outbox where next_try_at > clock_timestamp()`)).toEqual([
    { event_key: '7' },
  ]);
  expect(before).toHaveLength(1);
  await line.close();
  await world.stop();
});

it('is harmless while everything runs: each payment is settled once, however often everything is retried', async () => {
  const world = await startWorld();
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const orders = await Promise.all(Array.from({ length: 40 }, () => world.order(merchant)));
  const paying = { ended: false };
  const retrying = (async (): Promise<void> => {
    while (!paying.ended) await world.admin('post', '/work/retry', {});
  })();
  await Promise.all(orders.map((order) => world.send(channel, world.paid(channel, order)).expect(204)));
  await world.settled();
  paying.ended = true;
  await retrying;
  expect(await world.balance(merchant)).toBe('4000.00');
  await world.mustBeSound();
  await world.stop();
});

it('resends what has failed for good at every endpoint that is not disabled', async () => {
  const world = await startWorld();
  const line = await commandLine(world);
  const shop = await startMerchantServer();
  const channel = await world.channel();
  shop.usually({ status: 500 });
  const failed = (): Promise<Json[]> => line.json('notifications', 'list', '--failed-since', '2020-01-01T00:00:00Z');
  const made = await Promise.all(
    [0, 1, 2].map(async () => {
      const merchant = await world.merchant();
      const endpoint = await world.v1(merchant, 'post', '/endpoints', { url: shop.url, schedule: [0] });
      await world.send(channel, world.paid(channel, await world.order(merchant))).expect(204);
      return { merchant, endpoint };
    }),
  );
  await until('three failures', async () => (await failed()).length === 3);
  await world.v1(made[2]!.merchant, 'post', `/endpoints/${made[2]!.endpoint.id}/disable`);
  shop.usually({ status: 200 });
  const resend = ['notifications', 'resend', '--failed-since', '2020-01-01T00:00:00Z'];
  expect(await line.json(...resend, '--merchant', made[0]!.merchant.id)).toEqual({ resent: 1 });
  expect(await line.json(...resend)).toEqual({ resent: 1 });
  expect(await line.json(...resend)).toEqual({ resent: 0 });
  await until('two deliveries', async () => (await failed()).length === 1);
  const [left] = await failed();
  expect(left).toMatchObject({ endpoint: made[2]!.endpoint.id, attempts_made: 1 });
  await expect(line.quittance('notifications', 'resend')).rejects.toThrow(/name one notification/);
  await world.quiet();
  await world.mustBeSound();
  await shop.close();
  await line.close();
  await world.stop();
});

it('lists and retries what is open through indexes, however much has ended', async () => {
  const world = await startWorld({ working: false });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: 'http://127.0.0.1:65535/' });
  await world.send(channel, world.paid(channel, await world.order(merchant))).expect(204);
  await world.send(channel, world.paid(channel, await world.order(merchant), { paymentReference: 'nobodys' }));
  for (const text of ENDED) await world.query(text);
  const tables = ['receipts', 'global_transactions', 'outbox', 'notifications'];
  for (const table of tables) await world.query(`analyze orders.${table}`);
  const page = { after: undefined, limit: 21 };
  const work = { stuck: true, olderThanSeconds: 0, minAttempts: 0, ...page };
  const none = { channel: undefined, status: undefined, outcome: undefined, receipt: undefined, order: undefined };
  const references = { providerReference: undefined, paymentReference: undefined };
  const whose = { merchantId: undefined, endpointId: undefined, orderId: undefined, failedSince: undefined };
  const reads = await readsOf(world, tables, async (db) => {
    for (const stuck of [true, false]) {
      await searchReceipts(db, { ...none, ...references, ...work, stuck });
      await searchTransactions(db, { ...none, ended: undefined, ...work, stuck });
      await searchTransactions(db, {
        ...none,
        ended: false,
        ...work,
        stuck,
        minAttempts: undefined,
        olderThanSeconds: undefined,
      });
      await searchMessages(db, { ...none, ...work, stuck });
      await listDeliveries(db, { ...whose, status: undefined, ...work, stuck });
    }
    for (const one of WORK) await retryStore.retry(db, one, {}, 1_000);
  });
  expect(reads.map(({ table }) => table)).toEqual(tables.toSorted());
  for (const { table, rows } of reads) expect([table, rows < 500]).toEqual([table, true]);
  await world.stop();
});

it('finds what is in suspense and what was cancelled by their marks, however much else there is', async () => {
  const world = await startWorld({ working: false });
  try {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.send(channel, world.paid(channel, await world.order(merchant))).expect(204);
    const [receipts, transactions] = ENDED;
    await world.query(receipts!.replace(`'suspense', true`, `'order_paid', false`));
    await world.query(transactions!);
    await world.query(
      `update orders.receipts set outcome = 'suspense', in_suspense = true where provider_reference in ('7', '8')`,
    );
    await world.query(
      `update orders.global_transactions t set status = 'cancelled', cancelled = true
         from orders.receipts r where r.id = t.receipt_id and r.provider_reference in ('7', '8')`,
    );
    const tables = ['receipts', 'global_transactions'];
    for (const table of tables) await world.query(`analyze orders.${table}`);
    let found: unknown[] = [];
    const any = { stuck: false, olderThanSeconds: undefined, minAttempts: undefined, after: undefined, limit: 21 };
    const whose = { channel: undefined, receipt: undefined, order: undefined };
    const references = { providerReference: undefined, paymentReference: undefined };
    const reads = await readsOf(world, tables, async (db) => {
      const inSuspense = await searchReceipts(db, {
        ...{ ...any, ...whose, ...references },
        ...{ status: undefined, outcome: 'suspense' },
      });
      const cancelled = await searchTransactions(db, { ...any, ...whose, ended: undefined, status: 'cancelled' });
      found = [...inSuspense.map(({ outcome }) => outcome), ...cancelled.map(({ status }) => status)];
    });
    expect(found).toEqual(['suspense', 'suspense', 'cancelled', 'cancelled']);
    for (const { table, rows } of reads) expect([table, rows < 100]).toEqual([table, true]);
  } finally {
    await world.stop();
  }
});

/** How many rows of each table are read by work that is done so often that its statements have their generic plans. */
async function readsOf(
  world: World,
  tables: readonly string[],
  work: (db: Database<'orders'>) => Promise<void>,
): Promise<Read[]> {
  return inTransaction(world.test.databases.orders, 'test', async (tx) => {
    const transact = (_: string, within: (of: typeof tx) => Promise<unknown>): Promise<unknown> => within(tx);
    const db = { ...tx, write: tx.query, query: tx.query, transact } as unknown as Database<'orders'>;
    // What the session did before may not have been counted away yet.
    const before = new Map((await tx.query<Read>(READS, [tables])).map(({ table, rows }) => [table, rows]));
    // A prepared statement gets its generic plan from the sixth run on.
    for (let run = 0; run < 8; run += 1) await work(db);
    return (await tx.query<Read>(READS, [tables])).map(({ table, rows }) => ({
      table,
      rows: rows - (before.get(table) ?? 0),
    }));
  });
}

interface Read {
  readonly table: string;
  readonly rows: number;
}
const READS = statement(
  'test.reads',
  `select relname as table, (seq_tup_read + idx_tup_fetch)::int as rows from pg_stat_xact_user_tables
    where schemaname = 'orders' and relname = any($1::text[]) order by relname`,
);

/** 5,000 rows of each kind that have ended. */
const ENDED = [
  `insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status, outcome, in_suspense)
   select gen_random_uuid(), 'old', 'old', n::text, channel_id, 1, 'USD', 'settled', 'suspense', true
     from generate_series(1, 5000) n, (select channel_id from orders.receipts limit 1) one`,
  `insert into orders.global_transactions (gid, receipt_id, pays_order, status, plan, legs_hash, deadline, ended_at)
   select gen_random_uuid(), id, false, 'confirmed', '{}', '', now(), now() from orders.receipts where provider = 'old'`,
  `insert into orders.outbox (id, topic, event_key, version, payload, enqueued_until, status)
   select gen_random_uuid(), 'voucher', 'old' || n, 1, '{}', now(), 'done' from generate_series(1, 5000) n`,
  `insert into orders.notifications (id, merchant_id, order_id, endpoint_id, type, payload, status, enqueued_until, ended_at)
   select gen_random_uuid(), n.merchant_id, n.order_id, n.endpoint_id, 'test' || i, '', 'delivered', now(), now()
     from generate_series(1, 5000) i, (select * from orders.notifications limit 1) n`,
];
