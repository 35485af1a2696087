import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { inTransaction, statement } from '../../src/consistency/transaction';
import { createPools } from '../../src/database/pools';
import { createSource } from '../../src/telemetry/source';
import { workStore } from '../../src/telemetry/work-store';
import { testDatabases } from '../support/databases';
import { describeWithPromtool, promtool } from '../support/promtool';
import { describeWithRedis, startRedis } from '../support/redis';
import { PATIENT, until } from '../support/scenario';
import { startTcpProxy } from '../support/tcp-proxy';
import { OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/** The value of the series with exactly these labels; undefined where there is none. */
function valueOf(text: string, name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
  for (const line of text.split('\n')) {
    const [, found, inside = '', value] = /^([a-z_:]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (found !== name) continue;
    const pairs = [...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, content]) => [key, content] as const);
    if (pairs.length === Object.keys(labels).length && pairs.every(([key, content]) => labels[key!] === content))
      return Number(value);
  }
  return undefined;
}

async function scrape(world: World, token = OPERATOR_TOKEN): Promise<string> {
  const answer = await world.http.get('/metrics').set('Authorization', `Bearer ${token}`);
  expect(answer.status).toBe(200);
  return answer.text;
}

const STEPS = ['callbacks.record', 'accounts.try', 'accounts.confirm', 'transactions.decide', 'transactions.confirmed'];

describe('what a payment leaves in the metrics', () => {
  let world: World;
  let text: string;
  let channel: string;

  beforeAll(async () => {
    world = await startWorld({
      operations: { metricsToken: 'only-for-the-scraper-of-tests' },
      answerBudgetMs: 30_000,
    });
    const [merchant, called] = [await world.merchant(), await world.channel()];
    channel = called.name;
    const order = await world.order(merchant);
    const callback = world.paid(called, order);
    expect((await world.send(called, callback)).status).toBeLessThan(300);
    expect((await world.send(called, callback)).status).toBeLessThan(300);
    const forged = { ...callback, body: Buffer.from(callback.body.toString().replace('100', '900')) };
    expect((await world.send(called, forged)).status).toBe(401);
    const late = await world.order(merchant);
    await world.send(called, world.paid(called, late, { amount: '1.00' }));
    await world.quiet();
    // What the databases show already, the process that did it may hear of a moment later.
    await until('the process has counted it', async () => {
      text = await scrape(world, 'only-for-the-scraper-of-tests');
      const settled = valueOf(text, 'quittance_settlements_settled_total');
      const consumed = valueOf(text, 'quittance_outbox_consumed_total', { topic: 'voucher', outcome: 'done' });
      const isWorking = STEPS.some((step) => valueOf(text, 'quittance_step_load', { step }) !== 0);
      const hasRead = valueOf(text, 'quittance_work_open', { work: 'messages' }) !== undefined;
      return settled === 2 && consumed === 2 && !isWorking && hasRead;
    });
  });
  afterAll(() => world.stop());

  it('counts callbacks by channel, provider, answer and reason', () => {
    const labels = { channel, provider: 'standard_webhooks' };
    const count = (answer: string, reason: string): number | undefined =>
      valueOf(text, 'quittance_callbacks_total', { ...labels, answer, reason });
    expect([count('acknowledged', ''), count('refused', 'signature_wrong')]).toEqual([3, 1]);
    expect(
      valueOf(text, 'quittance_callback_seconds_count', { provider: 'standard_webhooks', answer: 'acknowledged' }),
    ).toBe(3);
  });

  it('counts settlements by outcome, and how long they took', () => {
    expect(valueOf(text, 'quittance_settlements_decided_total', { outcome: 'order_paid' })).toBe(1);
    expect(valueOf(text, 'quittance_settlements_decided_total', { outcome: 'suspense' })).toBe(1);
    expect(valueOf(text, 'quittance_settlements_settled_total')).toBe(2);
    expect(valueOf(text, 'quittance_settlement_settled_seconds_count')).toBe(2);
    expect(valueOf(text, 'quittance_settlement_settled_seconds_bucket', { le: '60' })).toBe(2);
  });

  it('shows every gathered step with list sizes, times and load', () => {
    for (const step of STEPS) {
      expect([step, valueOf(text, 'quittance_step_list_size_sum', { step })]).toEqual([step, expect.any(Number)]);
      expect(valueOf(text, 'quittance_step_run_seconds_count', { step })).toBeGreaterThan(0);
      expect(valueOf(text, 'quittance_step_load', { step })).toBe(0);
    }
  });

  it('counts vouchers and their lag', () => {
    expect(valueOf(text, 'quittance_outbox_consumed_total', { topic: 'voucher', outcome: 'done' })).toBe(2);
    expect(valueOf(text, 'quittance_outbox_lag_seconds_bucket', { topic: 'voucher', le: '60' })).toBe(2);
  });

  it('names requests by operation and never by path', async () => {
    await world.http.get('/admin/incidents').set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
    await world.http.get('/wp-login.php');
    let now = '';
    const count = (operation: string, status: string): number | undefined =>
      valueOf(now, 'quittance_http_request_seconds_count', { operation, method: 'GET', status });
    // An answer is counted when it has gone, which may be after it has arrived.
    await until('both are counted', async () => {
      now = await scrape(world);
      return count('listIncidents', '200') !== undefined && count('none', '404') !== undefined;
    });
    expect([count('listIncidents', '200'), count('none', '404')]).toEqual([1, 1]);
    expect(now).not.toMatch(/wp-login|mer_|ord_|rcp_/);
  });

  it('says what is still to be done, which is nothing, and shows open incidents', () => {
    for (const work of ['receipts', 'transactions', 'messages', 'notifications']) {
      expect([work, valueOf(text, 'quittance_work_open', { work })]).toEqual([work, 0]);
      expect(valueOf(text, 'quittance_work_oldest_seconds', { work })).toBe(0);
    }
    expect(valueOf(text, 'quittance_oldest_unsettled_receipt_seconds')).toBe(0);
    expect(valueOf(text, 'quittance_incidents_open', { kind: 'amount_mismatch' })).toBe(1);
    expect(valueOf(text, 'quittance_incidents_open', { kind: 'voucher_stuck' })).toBe(0);
  });

  it('shows databases, pools, queues, the process and the build', () => {
    for (const database of ['orders', 'accounts', 'points', 'accounting']) {
      expect(valueOf(text, 'quittance_database_up', { database })).toBe(1);
      expect(Math.abs(valueOf(text, 'quittance_database_clock_skew_seconds', { database }) ?? 99)).toBeLessThan(5);
      expect(valueOf(text, 'quittance_pool_connections', { database, state: 'waiting' })).toBe(0);
      expect(valueOf(text, 'quittance_pool_size', { database })).toBeGreaterThan(1);
    }
    expect(valueOf(text, 'quittance_queue_up', { queue: 'outbox' })).toBe(1);
    expect(valueOf(text, 'quittance_queue_jobs', { queue: 'notifications', state: 'waiting' })).toBe(0);
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds /m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
    expect(text).toMatch(/^quittance_build_info\{version="\d+\.\d+\.\d+",node="v\d+[^"]*"\} 1$/m);
  });

  it('tells nothing to whoever has no token for it', async () => {
    for (const headers of [{}, { Authorization: 'Bearer wrong' }, { Authorization: `Bearer ${'x'.repeat(40)}` }]) {
      const answer = await world.http.get('/metrics').set(headers);
      expect([answer.status, answer.body.code]).toEqual([401, 'unauthenticated']);
    }
    // The scraper's token opens nothing else.
    const other = await world.http.get('/admin/incidents').set('Authorization', 'Bearer only-for-the-scraper-of-tests');
    expect(other.status).toBe(401);
    await world.mustBeSound();
  });

  it('has each metric in docs/metrics.md with its meaning, and nothing there that does not exist', async () => {
    const rows = (await world.metrics.registry.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('quittance_'))
      .map(({ name, type, help }) => [name, String(type), help].join(' | '));
    const documented = readFileSync(join(__dirname, '..', '..', 'docs', 'metrics.md'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('| `quittance_'))
      .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
      .map(([, name, type, , help]) => [name, type, help].join(' | '));
    expect(documented.sort()).toEqual(rows.sort());
  });

  it('follows the conventions for names', async () => {
    for (const { name, type } of await world.metrics.registry.getMetricsAsJSON()) {
      if (!name.startsWith('quittance_')) continue;
      expect(name).toMatch(/^[a-z]+(_[a-z]+)+$/);
      expect([name, name.endsWith('_total')]).toEqual([name, String(type) === 'counter']);
    }
  });

  describeWithPromtool('promtool', () => {
    it('has nothing against our metrics', () => {
      const ours = text
        .split('\n')
        .filter((line) => /^(# (HELP|TYPE) )?quittance_/.test(line))
        .join('\n');
      expect(promtool(['check', 'metrics'], { input: `${ours}\n` })).toEqual({ status: 0, output: '' });
    });
  });
});

it('shows what waits, and for how long', async () => {
  const world = await startWorld({ working: false, answerBudgetMs: 30_000 });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: 'http://127.0.0.1:65535/hook' });
  const order = await world.order(merchant);
  expect((await world.send(channel, world.paid(channel, order))).status).toBeLessThan(300);
  await world.query(`update orders.outbox set created_at = created_at - interval '1 hour'`);
  await world.query(`update orders.notifications set next_try_at = next_try_at - interval '10 minutes'`);
  await world.send(channel, world.paid(channel, { ...order, payment_reference: 'nobodyknowsthis' }));
  await world.query(
    `update orders.receipts set received_at = received_at - interval '2 hours' where status = 'waiting'`,
  );
  const text = await scrape(world);
  const between = (name: string, labels: Record<string, string>, from: number): void => {
    const value = valueOf(text, name, labels) ?? -1;
    expect([name, value >= from && value < from + 300]).toEqual([name, true]);
  };
  expect(valueOf(text, 'quittance_work_open', { work: 'messages' })).toBe(1);
  expect(valueOf(text, 'quittance_work_due', { work: 'messages' })).toBe(1);
  between('quittance_work_oldest_seconds', { work: 'messages' }, 3_600);
  between('quittance_work_overdue_seconds', { work: 'notifications' }, 600);
  between('quittance_work_oldest_seconds', { work: 'receipts' }, 7_200);
  between('quittance_oldest_unsettled_receipt_seconds', {}, 7_200);
  await world.stop();
});

interface Reads {
  readonly table: string;
  readonly scanned: number;
  readonly rows: number;
}

it('reads what is open through the indexes of recovery, however much was ever done', async () => {
  const world = await startWorld({ working: false, ...PATIENT });
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const order = await world.order(merchant);
  await world.send(channel, world.paid(channel, order));
  await world.query(
    `insert into orders.outbox (id, topic, event_key, version, payload, enqueued_until, status)
     select gen_random_uuid(), 'voucher', 'old' || n, 1, '{}', now(), 'done' from generate_series(1, 20000) n`,
  );
  await world.query(
    `insert into orders.receipts (id, provider, receiving_account, provider_reference, channel_id, amount, currency, status, outcome, in_suspense)
     select gen_random_uuid(), 'old', 'old', n::text, channel_id, 1, 'USD', 'settled', 'suspense', true
       from generate_series(1, 20000) n, (select channel_id from orders.receipts limit 1) one`,
  );
  await world.query(
    `insert into orders.global_transactions (gid, receipt_id, pays_order, status, plan, legs_hash, deadline)
     select gen_random_uuid(), id, false, 'confirmed', '{}', '', now() from orders.receipts where provider = 'old'`,
  );
  const tables = ['outbox', 'receipts', 'global_transactions'];
  for (const table of tables) await world.query(`analyze orders.${table}`);
  const counts = statement(
    'test.reads',
    `select relname as table, seq_tup_read::int as scanned, (seq_tup_read + idx_tup_fetch)::int as rows
       from pg_stat_xact_user_tables where schemaname = 'orders' and relname = any($1::text[]) order by relname`,
  );
  const reads = await inTransaction(world.test.databases.orders, 'test', async (tx) => {
    // What this connection has read lately, and not told the server yet, is counted as well.
    const before = await tx.query<Reads>(counts, [tables]);
    // A prepared statement gets its generic plan from the sixth run on.
    for (let run = 0; run < 8; run += 1) {
      await workStore.openWork(tx);
      await workStore.oldestUnsettled(tx);
      await workStore.openIncidents(tx);
    }
    const after = await tx.query<Reads>(counts, [tables]);
    return after.map(({ table, scanned, rows }) => {
      const known = before.find((one) => one.table === table);
      return { table, scanned: scanned - (known?.scanned ?? 0), rows: rows - (known?.rows ?? 0) };
    });
  });
  expect(reads.map(({ table }) => table).sort()).toEqual(tables.toSorted());
  for (const { table, scanned, rows } of reads) expect([table, scanned, rows < 100]).toEqual([table, 0, true]);
  await world.stop();
});

it('answers what it has while a database is away or hangs, says so, and comes back', async () => {
  const test = await testDatabases({ separate: true });
  const through = new URL(test.urls.orders);
  const proxy = await startTcpProxy({ host: through.hostname, port: Number(through.port) });
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  const urls = { ...test.urls, orders: through.toString() };
  const pools = createPools(urls);
  const clock = { ahead: 0, now: () => new Date(), elapsed: () => performance.now() + clock.ahead };
  const on = { test: { databases: pools.databases, urls, close: () => pools.close() }, masterKey: Buffer.alloc(32, 1) };
  const world = await startWorld({ on, working: false, clock });
  const shown = async (): Promise<unknown[]> => {
    clock.ahead += 6_000;
    const text = await scrape(world);
    return [
      valueOf(text, 'quittance_database_up', { database: 'orders' }),
      valueOf(text, 'quittance_database_up', { database: 'points' }),
      valueOf(text, 'quittance_work_open', { work: 'messages' }),
      valueOf(text, 'quittance_oldest_unsettled_receipt_seconds'),
      valueOf(text, 'quittance_incidents_open', { kind: 'voucher_stuck' }),
    ];
  };
  const fine = [1, 1, 0, 0, 0];
  const away = [0, 1, undefined, NaN, undefined];
  expect(await shown()).toEqual(fine);
  await proxy.down();
  expect(await shown()).toEqual(away);
  await proxy.up();
  // A probe finds out, about once a second.
  await until('it is back', async () => isDeepStrictEqual(await shown(), fine));
  proxy.hang();
  expect(await shown()).toEqual(away);
  await proxy.down();
  await world.stop();
  await pools.close();
  await test.close();
});

describe('a source', () => {
  const clock = (now: { ms: number }) => ({ now: () => new Date(now.ms), elapsed: () => now.ms });

  it('is asked once, however many scrape at the same time and shortly after', async () => {
    const now = { ms: 0 };
    let asked = 0;
    const source = createSource(
      clock(now),
      () => {
        asked += 1;
        return Promise.resolve();
      },
      () => undefined,
      { freshMs: 100 },
    );
    await Promise.all([source.refresh(), source.refresh()]);
    await source.refresh();
    expect(asked).toBe(1);
    now.ms = 101;
    await source.refresh();
    expect(asked).toBe(2);
  });

  it('that hangs holds up no scrape, is not asked again meanwhile, and has nothing to say', async () => {
    let [asked, lost] = [0, 0];
    const source = createSource(
      clock({ ms: 0 }),
      () => {
        asked += 1;
        return new Promise(() => undefined);
      },
      () => (lost += 1),
      { limitMs: 20 },
    );
    await source.refresh();
    await source.refresh();
    expect([asked, lost]).toEqual([1, 2]);
  });
});

describeWithRedis('on Redis', () => {
  it('shows the depths of its queues and says that they can be reached', async () => {
    const redis = await startRedis();
    const world = await startWorld({ redisUrl: redis!.url });
    const text = await scrape(world);
    expect(valueOf(text, 'quittance_queue_jobs', { queue: 'outbox', state: 'waiting' })).toBe(0);
    expect(valueOf(text, 'quittance_queue_up', { queue: 'notifications' })).toBe(1);
    await world.stop();
    await redis!.close();
  });
});
