import { VOUCHERS_OF_RECEIPTS } from '../../src/accounting/vouchers-of-receipts-store';
import { movementStatementsOf } from '../../src/balances/movements-of-transactions-store';
import { type SchemaName, type Statement, inTransaction, statement } from '../../src/consistency/transaction';
import { createPools } from '../../src/database/pools';
import { EVENTS as MERCHANT_EVENTS } from '../../src/orders/events-store';
import { ORDER, RECEIPT, RECEIPTS_OF_ORDER, TRANSACTIONS } from '../../src/timeline/payment-store';
import { ATTEMPTS, EVENTS, INCIDENTS, MESSAGES, NOTIFICATIONS } from '../../src/timeline/telling-store';
import { type TestDatabases, testDatabases } from '../support/databases';
import { startTcpProxy } from '../support/tcp-proxy';
import { startWorld } from '../support/world';

/** What the timeline costs the databases, and what it says when one of them is away. */
const READS: readonly (readonly [schema: SchemaName, name: string, read: Statement, parameters: number])[] = [
  ['orders', 'the order', ORDER, 1],
  ['orders', 'a receipt', RECEIPT, 1],
  ['orders', 'receipts of an order', RECEIPTS_OF_ORDER, 3],
  ['orders', 'transactions', TRANSACTIONS, 2],
  ['orders', 'callback events', EVENTS, 5],
  ['orders', 'messages', MESSAGES, 1],
  ['orders', 'notifications', NOTIFICATIONS, 2],
  ['orders', 'attempts', ATTEMPTS, 2],
  ['orders', 'incidents', INCIDENTS, 5],
  ['orders', 'events of a merchant', MERCHANT_EVENTS, 5],
  ['accounts', 'holds', movementStatementsOf('accounts').holds, 1],
  ['accounts', 'entries', movementStatementsOf('accounts').entries, 1],
  ['points', 'holds', movementStatementsOf('points').holds, 1],
  ['points', 'entries', movementStatementsOf('points').entries, 1],
  ['accounting', 'vouchers', VOUCHERS_OF_RECEIPTS, 2],
];

describe('what the timeline reads', () => {
  let test: TestDatabases;
  beforeAll(async () => {
    test = await testDatabases();
  });
  afterAll(() => test.close());

  /** The generic plan, as prepared statements come to have it, with whole tables made as dear as they are when they are large. */
  async function planOf(schema: SchemaName, name: string, read: Statement, parameters: number): Promise<string> {
    const prepared = `reads_${name.replaceAll(' ', '_')}`;
    return inTransaction(test.databases[schema], 'test', async (tx) => {
      const run = (text: string) => tx.query<{ 'QUERY PLAN': string }>(statement('', text));
      await run('set local plan_cache_mode = force_generic_plan');
      await run('set local enable_seqscan = off');
      await run(`prepare ${prepared} as ${read.text}`);
      const plan = await run(`explain execute ${prepared} (${Array(parameters).fill('null').join(', ')})`);
      await run(`deallocate ${prepared}`);
      return plan.map((row) => row['QUERY PLAN']).join('\n');
    });
  }

  it.each(READS)('%s: %s come through an index', async (schema, name, read, parameters) => {
    const plan = await planOf(schema, name, read, parameters);
    expect(plan).toMatch(/Index/);
    expect(plan).not.toMatch(/Seq Scan/);
  });

  it('a read without its index would be seen', async () => {
    const read = statement('', 'select id from orders.receipts where payment_reference = $1');
    expect(await planOf('orders', 'control', read, 1)).toMatch(/Seq Scan/);
  });
});

it.each(['accounts', 'points', 'accounting'] as const)('says that %s is away and tells the rest', async (away) => {
  const test = await testDatabases({ separate: true });
  const through = new URL(test.urls[away]);
  const proxy = await startTcpProxy({ host: through.hostname, port: Number(through.port) });
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  const urls = { ...test.urls, [away]: through.toString() };
  const pools = createPools(urls, { acquireTimeoutMs: 5_000 });
  const on = { test: { databases: pools.databases, urls, close: () => pools.close() }, masterKey: Buffer.alloc(32, 1) };
  const world = await startWorld({ on });
  try {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    const order = await world.order(merchant, { customer: 'anna' });
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    const before = await world.admin('get', `/orders/${order.id}/timeline`);
    expect(before.unavailable).toEqual([]);

    await proxy.down();
    const timeline = await world.admin('get', `/orders/${order.id}/timeline`);
    expect(timeline.unavailable).toEqual([
      { part: away, reason: expect.stringMatching(`^database ${away} is unavail`) },
    ]);
    const isOf = (item: { kind: string; facts: { participant?: string } }): boolean =>
      away === 'accounting'
        ? item.kind === 'voucher_posted'
        : item.facts.participant === away && /hold|entry/.test(item.kind);
    expect(before.items.filter(isOf).length).toBeGreaterThan(0);
    expect(timeline.items).toEqual(before.items.filter((item: Parameters<typeof isOf>[0]) => !isOf(item)));
    // Its merchant is told what it is told at any other time.
    expect((await world.v1(merchant, 'get', `/orders/${order.id}/timeline`)).status).toBe('paid');
    await proxy.up();
    // That it is back is found out by a probe about every second.
    const unavailable = async (): Promise<unknown[]> =>
      (await world.admin('get', `/orders/${order.id}/timeline`)).unavailable;
    for (let round = 0; round < 1_200 && (await unavailable()).length > 0; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await world.mustBeSound();
  } finally {
    await world.stop();
    await pools.close();
    await proxy.down();
    await test.close();
  }
});
