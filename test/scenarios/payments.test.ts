import { sendAll } from '../support/load';
import { PATIENT, attempts, settledInAHurry as settled, until } from '../support/scenario';
import { lockTable, openSession } from '../support/session';
import { createStripeBank } from '../support/vendor-callbacks';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** What went wrong with callbacks in the field's payment systems. More of it is in test/flow/settle-payment.test.ts. */

/** A thousand payments at once may take a busy machine longer than the deadline of an attempt. */
const UNHURRIED = {
  ...PATIENT,
  answerBudgetMs: 100_000,
  transactionDeadlineMs: 120_000,
  operations: { mostCallbacksInFlight: 3_000 },
};

let world: World;
let merchant: Merchant;
let channel: Channel;

beforeAll(async () => {
  world = await startWorld(UNHURRIED);
});
beforeEach(async () => {
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterEach(async () => {
  await settled(world);
  await world.mustBeSound();
});
afterAll(() => world.stop());

const orderOf = (one: Json): Promise<Json> => world.v1(merchant, 'get', `/orders/${one.id}`);
const incidents = async (one: Json): Promise<string[]> => {
  const { data } = await world.admin('get', `/incidents?order=${one.id}`);
  return data.map(({ kind }: Json) => kind).sort();
};

it('parallel duplicates of one callback, through two processes, are one credit', async () => {
  const second = await startWorld({ ...UNHURRIED, on: world });
  const callback = world.paid(channel, await world.order(merchant));
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, index) => (index % 2 === 0 ? world : second).send(channel, callback)),
  );
  expect(answers.map(({ status }) => status).filter((status) => status !== 204 && status !== 503)).toEqual([]);
  expect(answers.some(({ status }) => status === 204)).toBe(true);
  await settled(world);
  expect(await world.balance(merchant)).toBe('100.00');
  await second.stop();
});

it('success after the order was closed: the bank hears success, the money is in suspense, a person is told', async () => {
  const one = await world.order(merchant);
  await world.v1(merchant, 'post', `/orders/${one.id}/close`);
  await world.send(channel, world.paid(channel, one)).expect(204);
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['closed', 'none']);
  expect(await incidents(one)).toEqual(['late_payment']);
});

it('failure after success takes nothing back, and a person is told', async () => {
  const stripe = await world.channel(createStripeBank());
  const one = await world.order(merchant);
  const payment = world.payment(stripe, one);
  await world.send(stripe, stripe.bank.paid(payment)).expect(200);
  await world.send(stripe, stripe.bank.failed(payment)).expect(200);
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['paid', '100.00']);
  expect(await incidents(one)).toEqual(['failure_after_success']);
});

it.each([
  ['wrong amount', { amount: '1.00' }, 'amount_mismatch'],
  ['wrong currency', { currency: 'EUR' }, 'currency_mismatch'],
])('%s: what really arrived is in suspense, and the order stays open', async (_, changes, kind) => {
  const one = await world.order(merchant);
  await world.send(channel, world.paid(channel, one, changes)).expect(204);
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['open', 'none']);
  expect(await incidents(one)).toEqual([kind]);
});

it('wrong receiving account: a genuine callback for somebody else’s account is refused and changes nothing', async () => {
  const one = await world.order(merchant);
  const callback = world.paid(channel, one, { account: 'SOMEBODYELSE' });
  await world.send(channel, callback).expect(401);
  expect([(await orderOf(one)).status, await attempts(world, one)]).toEqual(['open', []]);
});

it('unknown order: it is waited for, then the money is in suspense as unidentified', async () => {
  const before = Number(await suspense());
  const stray = { payment_reference: 'NOBODYKNOWSTHIS', amount: '7.00', currency: 'USD' };
  await world.send(channel, world.paid(channel, stray)).expect(503).expect('Retry-After', /\d+/);
  await world.query(
    `update orders.receipts set received_at = received_at - interval '1 minute' where status = 'waiting'`,
  );
  await settled(world);
  expect(Number(await suspense()) - before).toBe(7);
  expect(await world.incidents()).toContain('unidentified_payment');
});

const suspense = async (): Promise<string> => {
  const balance = await world.suspense();
  return balance === 'none' ? '0' : balance;
};

it('one order paid through two channels is paid once, and the second money is in suspense', async () => {
  const stripe = await world.channel(createStripeBank());
  const one = await world.order(merchant);
  const answers = await Promise.all([
    world.send(channel, world.paid(channel, one)),
    world.send(stripe, world.paid(stripe, one)),
  ]);
  expect(answers.some(({ status }) => status < 300)).toBe(true);
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['paid', '100.00']);
  expect(await incidents(one)).toEqual(['duplicate_payment']);
});

it('a callback for a refund is no second payment: it is kept, acknowledged once, and a person is told', async () => {
  const one = await world.order(merchant);
  const payment = world.payment(channel, one);
  await world.send(channel, channel.bank.paid(payment)).expect(204);
  await settled(world);
  for (let times = 0; times < 2; times += 1) await world.send(channel, channel.bank.refund(payment)).expect(204);
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['paid', '100.00']);
  expect(await incidents(one)).toEqual(['refund_received']);
});

it('a callback before the order’s own commit is visible waits for it, and is credited', async () => {
  const known = await world.order(merchant);
  const session = await openSession(world.test.urls.orders);
  await session.run(
    `begin;
     insert into orders.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee)
     select gen_random_uuid(), merchant_id, 'not yet committed', 'notyetcommitted', amount, currency, fee
       from orders.orders where payment_reference = '${known.payment_reference}'`,
  );
  const callback = world.paid(channel, { ...known, payment_reference: 'notyetcommitted' });
  await world.send(channel, callback).expect(503).expect('Retry-After', /\d+/);
  await session.run('commit');
  await session.end();
  await settled(world);
  await world.send(channel, callback).expect(204);
  expect([(await orderOf(known)).status, await world.balance(merchant)]).toEqual(['open', '100.00']);
});

it('an order query while it is settling says "open" until the decision and "paid" from then on', async () => {
  const one = await world.order(merchant);
  const [trying, confirming] = [
    await lockTable(world.test.urls.accounts, 'accounts.holds'),
    await openSession(world.test.urls.accounts),
  ];
  const answer = world.send(channel, world.paid(channel, one)).then(({ status }) => status);
  await until('it is being tried', async () => (await attempts(world, one))[0]?.status === 'trying');
  expect(await orderOf(one)).toMatchObject({ status: 'open' });
  // Entries are what Confirm writes: it waits here, decided.
  await confirming.run('begin; lock table accounts.entries in exclusive mode');
  await trying.release();
  expect(await answer).toBe(204);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['paid', '0.00']);
  await confirming.end();
  await settled(world);
  expect([(await orderOf(one)).status, await world.balance(merchant)]).toEqual(['paid', '100.00']);
});

it('1,000 callbacks for one merchant at once are 1,000 credits', async () => {
  const second = await startWorld({ ...UNHURRIED, on: world });
  const orders: Json[] = [];
  while (orders.length < 1_000) {
    orders.push(...(await Promise.all(Array.from({ length: 50 }, () => world.order(merchant)))));
  }
  const callbacks = orders.map((one) => world.paid(channel, one));
  const urls = [world, second].map(({ url }) => `${url}/callbacks/${channel.name}`);
  const load = sendAll(callbacks, { callers: 1_000, url: (attempt) => urls[attempt % 2]!, patienceMs: 120_000 });
  await load.finished(200_000);
  await settled(world);
  expect(await world.balance(merchant)).toBe('100000.00');
  const { data } = await world.v1(merchant, 'get', '/orders?status=open&limit=1');
  expect(data).toEqual([]);
  await second.stop();
}, 300_000);
