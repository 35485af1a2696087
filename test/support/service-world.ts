import { randomBytes } from 'node:crypto';
import { forAllSchemas } from '../../src/database/open';
import { statement } from '../../src/consistency/transaction';
import { type DatabaseUrls, createPools } from '../../src/database/pools';
import type { VendorCallback } from './vendor-callbacks/vendor-bank';
import { type Channel, type Json, type Merchant, OPERATOR_TOKEN, type World, startWorld } from './world';

/** A service in processes of its own, and the test's way to its databases. */
export interface ServiceSetup {
  readonly env: Readonly<Record<string, string>>;
  /** A world on the databases of the service that does no work by itself: to prepare, and to look. Stop it after use. */
  look(where: string | DatabaseUrls): Promise<World>;
}

export function serviceSetup(env: Readonly<Record<string, string>>): ServiceSetup {
  const masterKey = randomBytes(32);
  return {
    env: {
      QUITTANCE_MASTER_KEY: masterKey.toString('base64'),
      QUITTANCE_OPERATOR_TOKEN: OPERATOR_TOKEN,
      LOG_LEVEL: 'warn',
      ...env,
    },
    look: async (where) => {
      const urls = typeof where === 'string' ? forAllSchemas(where) : where;
      const pools = createPools(urls, { size: 4, ...PATIENT });
      const test = { databases: pools.databases, urls: NO_QUEUE, close: () => pools.close() };
      const world = await startWorld({ on: { test, masterKey }, working: false });
      const stop = async (): Promise<void> => {
        await world.stop();
        await pools.close();
      };
      return { ...world, stop };
    },
  };
}

/** Whoever only prepares and looks may wait: a machine that is busy must not fail a test. */
const PATIENT = { acquireTimeoutMs: 60_000, statementTimeoutMs: 60_000, lockTimeoutMs: 30_000 };

/** Where a world looks for its queue that shall have none: nobody listens there. Its databases are given to it. */
export const NO_QUEUE = forAllSchemas('postgres://nobody@127.0.0.1:1/nothing');

export interface Payments {
  readonly merchants: readonly Merchant[];
  readonly channel: Channel;
  readonly orders: readonly Json[];
  readonly references: readonly string[];
  readonly callbacks: readonly VendorCallback[];
}

/** So many orders of two merchants, each of another amount, every third with points, and a genuine callback for each. */
export async function preparePayments(world: World, count: number): Promise<Payments> {
  const [channel, one, other] = [await world.channel(), await world.merchant(), await world.merchant()];
  const merchants = [one, other];
  for (const { id } of merchants) {
    await world.admin('put', `/merchants/${id}/points-rules/USD`, { points_per_unit: '1' });
  }
  const orders: Json[] = [];
  for (let start = 0; start < count; start += 25) {
    const list = Array.from({ length: Math.min(25, count - start) }, (_, index) => start + index);
    const made = await Promise.all(
      list.map((index) =>
        world.order(merchants[index % 2]!, {
          amount: `${index + 1}.00`,
          ...(index % 3 === 0 ? { customer: 'anna' } : {}),
        }),
      ),
    );
    orders.push(...made);
  }
  const references = orders.map(() => `pay${randomBytes(8).toString('hex')}`);
  const callbacks = orders.map((order, index) => world.paid(channel, order, { providerReference: references[index]! }));
  return { merchants, channel, orders, references, callbacks };
}

const MERCHANT_ENTRIES = statement(
  'test.merchant_entries',
  `select gid, amount from accounts.entries where account_id in (select id from accounts.accounts where kind = 'merchant')`,
);

/** Fails where one of these payments was not credited to its merchant exactly once, with exactly its amount. */
export async function mustBeCreditedOnce(world: World, payments: Payments, indexes: Iterable<number>): Promise<void> {
  // Two databases, which may be on two servers.
  const attempts = await world.query<{ reference: string; gid: string }>(
    `select r.provider_reference as reference, t.gid
       from orders.receipts r join orders.global_transactions t on t.receipt_id = r.id`,
  );
  const entries = await world.test.databases.accounts.query<{ gid: string; amount: string }>(MERCHANT_ENTRIES);
  const amountsOf = new Map<string, string[]>();
  for (const { gid, amount } of entries) amountsOf.set(gid, [...(amountsOf.get(gid) ?? []), amount]);
  const credited = new Map<string, string[]>();
  for (const { reference, gid } of attempts)
    credited.set(reference, [...(credited.get(reference) ?? []), ...(amountsOf.get(gid) ?? [])]);
  for (const index of indexes) {
    const amounts = credited.get(payments.references[index]!);
    expect([index, amounts]).toEqual([index, [`${index + 1}.0000`]]);
  }
}

/** What both merchants should have in the end, and do. */
export async function mustAddUp(world: World, payments: Payments): Promise<void> {
  for (const [place, merchant] of payments.merchants.entries()) {
    const amounts = payments.orders.map((_, index) => (index % 2 === place ? index + 1 : 0));
    const sum = amounts.reduce((total, amount) => total + amount, 0);
    expect(await world.balance(merchant)).toBe(`${sum}.00`);
    const granted = amounts.filter((_, index) => index % 3 === 0).reduce((total, amount) => total + amount, 0);
    expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: String(granted) });
  }
  expect(await world.incidents()).toEqual([]);
}
