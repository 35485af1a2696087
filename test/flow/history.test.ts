import { randomBytes } from 'node:crypto';
import { type Filled, fillHistory } from '../../bench/generator/fill';
import { createSeed } from '../../bench/seed';
import { verifyChain } from '../../src/accounting/verify-chain';
import { formatAudit, runAudit } from '../../src/audit/run-audit';
import { createSealer } from '../../src/core/sealing';
import { statement } from '../../src/consistency/transaction';
import { createPools } from '../../src/database/pools';
import { type TestDatabases, testDatabases } from '../support/databases';

const ORDERS = 500;

let test: TestDatabases;
let filled: Filled;
const sealer = createSealer([randomBytes(32)]);
const count = async (text: string): Promise<number> =>
  Number((await test.databases.orders.query<{ count: string }>(statement('', text)))[0]!.count);

beforeAll(async () => {
  test = await testDatabases();
  const url = test.urls.orders;
  const pools = createPools(test.urls, { statementTimeoutMs: 60_000 });
  const seed = createSeed(pools.databases, sealer);
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  await seed.channel('bank', 'BANK01', secret);
  const merchants = await seed.merchants(7, () => 'http://127.0.0.1:8999/', secret);
  const history = { orders: ORDERS, days: 365, keepAll: false };
  filled = await fillHistory({ url, pools, sealer }, { channel: 'bank', merchants }, history, () => undefined);
  await pools.close();
}, 60_000);
afterAll(() => test.close());

it('is a year of payments of which retention has cleaned what is old', () => {
  expect(filled.rows).toMatchObject({
    'orders.orders': ORDERS,
    'orders.receipts': ORDERS,
    'orders.notifications': ORDERS,
    'accounts.entries': 2 * ORDERS,
    'accounting.vouchers': ORDERS,
    'accounting.postings': 3 * ORDERS + 2 * filled.rows['points.entries']!,
  });
  for (const table of ['orders.global_transactions', 'orders.outbox', 'orders.notification_attempts'])
    expect(Math.abs(filled.rows[table]! - (ORDERS * 90) / 365)).toBeLessThan(5);
  expect(Math.abs(filled.rows['accounts.holds']! - (ORDERS * 180) / 365)).toBeLessThan(5);
});

it('is sound by the audit, and its books lead from the first link to the last', async () => {
  const report = await runAudit({ databases: test.databases, sealer, patienceMs: 0 });
  expect([report.ok, formatAudit(report)]).toEqual([true, expect.any(String)]);
  expect(await verifyChain(test.databases.accounting, sealer)).toMatchObject({ links: ORDERS / 20, vouchers: ORDERS });
});

it('lies in the months in which it was, with every index, key and trigger that was there before', async () => {
  for (const table of ['accounting.postings', 'orders.callback_bodies'])
    expect(await count(`select count(distinct tableoid) from ${table}`)).toBeGreaterThanOrEqual(12);
  const template = await testDatabases();
  const made = `select string_agg(one, E'\\n' order by one) as all from (
      select pg_get_indexdef(indexrelid) as one from pg_index i join pg_class c on c.oid = i.indrelid
       where c.relnamespace::regnamespace::text in ('orders', 'accounts', 'points', 'accounting') and not c.relispartition
      union all
      select pg_get_constraintdef(k.oid) || ' ' || conname || ' ' || conrelid::regclass from pg_constraint k join pg_class c on c.oid = k.conrelid
       where k.connamespace::regnamespace::text in ('orders', 'accounts', 'points', 'accounting') and not c.relispartition
      union all
      select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid where not tgisinternal and not c.relispartition) d`;
  try {
    expect(await test.databases.orders.query(statement('', made))).toEqual(
      await template.databases.orders.query(statement('', made)),
    );
  } finally {
    await template.close();
  }
});
