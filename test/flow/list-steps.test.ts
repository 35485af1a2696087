import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { VendorPayment } from '../support/vendor-callbacks/vendor-bank';
import { PATIENT, settledInAHurry, until } from '../support/scenario';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** Every durable step takes a list: what is wrong with one of it is no matter of the others, and what finds no room is refused. */
let world: World;
let merchant: Merchant;
let channel: Channel;

async function begin(options: Parameters<typeof startWorld>[0] = {}): Promise<void> {
  world = await startWorld(options);
  [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
}
afterEach(() => world.stop());

/** Where a payment of 6.66 USD is refused by the database itself, and what its bank is told. */
const POISONED = [
  ['commit A', 'orders.receipts', 'amount <> 6.66', 503],
  ['the claim of the order', 'orders.orders', `amount <> 6.66 or claimed_by is null`, 503],
  ['Try of the accounts', 'accounts.holds', `status = 'cancelled' or not 6.66 = any(amounts)`, 503],
  ['Try of the points', 'points.holds', `status = 'cancelled' or not 6 = any(amounts)`, 503],
  ['the decision', 'orders.outbox', `payload ->> 'gross' <> '6.66'`, 503],
  ['Confirm of the accounts', 'accounts.entries', 'amount <> 6.66', 204],
  ['Confirm of the points', 'points.entries', 'amount <> 6', 204],
  ['the voucher', 'accounting.postings', 'debit <> 6.66', 204],
] as const;

it.each(POISONED)('what cannot be written in %s hurts nobody else', async (_, table, check, status) => {
  await begin(PATIENT);
  await world.query(`alter table ${table} add constraint poison check (${check})`);
  const orders: Json[] = await Promise.all(
    Array.from({ length: 40 }, (__, index) =>
      world.order(merchant, { customer: 'anna', amount: index === 17 ? '6.66' : '1.00' }),
    ),
  );
  const callbacks = orders.map((order) => world.paid(channel, order));
  const answers = await Promise.all(callbacks.map((callback) => world.send(channel, callback)));
  expect(answers.map((answer) => answer.status)).toEqual(orders.map((__, index) => (index === 17 ? status : 204)));
  await until(
    'the others are settled',
    async () => (await settledVouchers()) >= 39 && Number(await world.balance(merchant)) >= 39,
  );
  await world.query(`alter table ${table} drop constraint poison`);
  if (status === 503)
    await until('it is taken', async () => (await world.send(channel, callbacks[17]!)).status === 204);
  await settledInAHurry(world);
  expect(await world.balance(merchant)).toBe('45.66');
  expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '45' });
  await world.mustBeSound();
});

it('what finds no room is told to come again, and nothing is lost', async () => {
  // Nothing but a full room can refuse a callback here: all other limits are far away.
  const long = 120_000;
  await begin({
    ...PATIENT,
    answerBudgetMs: long,
    statementTimeoutMs: long,
    lockTimeoutMs: long,
    transactionDeadlineMs: long,
    operations: { mostCallbacksInFlight: 1_000_000 },
  });
  const order = await world.order(merchant);
  const fillers = Array.from({ length: 2_600 }, () => channel.bank.paid(unidentified()));
  const blocker = new Client({ connectionString: world.test.urls.orders });
  await blocker.connect();
  await blocker.query('begin; lock table orders.receipts in exclusive mode');
  const { url } = world.http.post(`/callbacks/${channel.name}`);
  let refused = 0;
  const send = async ({ headers, body }: ReturnType<World['paid']>): Promise<number> => {
    const answer = await fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
    await answer.arrayBuffer();
    if (answer.status === 503) refused += 1;
    expect(answer.headers.has('retry-after')).toBe(answer.status === 503);
    return answer.status;
  };
  // As many connections at once as a server takes that listens in the same process.
  const waiting: Promise<number>[] = [];
  for (let start = 0; start < fillers.length; start += 200) {
    waiting.push(...fillers.slice(start, start + 200).map(send));
    await until('they have come', async () => refused + (await load()) === waiting.length);
  }
  expect(refused).toBeGreaterThan(0);
  const sending = Promise.all(waiting);
  const callback = world.paid(channel, order);
  expect(await send(callback)).toBe(503);
  await blocker.query('rollback');
  await blocker.end();
  const statuses = await sending;
  expect(new Set(statuses)).toEqual(new Set([204, 503]));
  const again = fillers.filter((_, index) => statuses[index] === 503);
  for (let start = 0; start < again.length; start += 200) {
    expect(new Set(await Promise.all(again.slice(start, start + 200).map(send)))).toEqual(new Set([204]));
  }
  expect(await send(callback)).toBe(204);
  await world.quiet();
  expect(await world.balance(merchant)).toBe('100.00');
  expect(await world.suspense()).toBe('2600.00');
  await world.mustBeSound();
}, 400_000);

/** A payment without any reference of ours, which goes to suspense at once. */
function unidentified(): VendorPayment {
  const providerReference = `pay${randomBytes(8).toString('hex')}`;
  return { providerReference, amount: '1.00', currency: 'USD', account: channel.account, live: true };
}

async function settledVouchers(): Promise<number> {
  const [{ count }] = (await world.query('select count(*) from accounting.vouchers')) as [{ count: string }];
  return Number(count);
}

/** How many callbacks have come to commit A and are not through it. */
async function load(): Promise<number> {
  const text = await world.metrics.registry.getSingleMetricAsString('quittance_step_load');
  return Number(/\{step="callbacks\.record"\} (\d+)/.exec(text)?.[1] ?? 0);
}
