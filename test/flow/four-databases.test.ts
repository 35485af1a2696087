import { type World, startWorld } from '../support/world';
import { createStripeBank } from '../support/vendor-callbacks/stripe-bank';

/** The four schemas on four databases: nothing of the flow may rely on their being one. */
let world: World;
beforeEach(async () => {
  world = await startWorld({ separate: true, answerBudgetMs: 30_000 });
});
afterEach(async () => {
  await world.quiet();
  await world.mustBeSound();
  await world.stop();
});

it('an order with points and splits is paid, twice the same callback, and a second payment is kept', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const second = await world.channel(createStripeBank());
  await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02' });
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1', point_value: '0.01' });
  const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, { reference: 'p', currency: 'USD' });
  const order = await world.order(merchant, { customer: 'anna', splits: [{ account: payee.id, amount: '5.00' }] });
  const callback = world.paid(channel, order);
  await Promise.all(Array.from({ length: 20 }, () => world.send(channel, callback).expect(204)));
  await world.quiet();
  await world.send(second, world.paid(second, order)).expect(200);
  await world.quiet();
  expect(await world.balance(merchant)).toBe('93.00');
  expect(await world.v1(merchant, 'get', `/accounts/${payee.id}`)).toMatchObject({ balance: '5.00' });
  expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '100' });
  expect(await world.suspense()).toBe('100.00');
  expect(await world.incidents()).toEqual(['duplicate_payment']);
  const { totals } = await world.admin('get', '/trial-balance');
  expect(totals).toEqual([{ currency: 'USD', debit: '201.00', credit: '201.00', difference: '0.00' }]);
});

it('a frozen fund account sends the gross to suspense', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  await world.send(channel, world.paid(channel, await world.order(merchant, { customer: 'anna' }))).expect(204);
  await world.quiet();
  const { data } = await world.admin('get', '/accounts?kind=merchant');
  await world.admin('post', `/accounts/${data[0].id}/freeze`);
  const order = await world.order(merchant, { customer: 'anna' });
  await world.send(channel, world.paid(channel, order)).expect(204);
  await world.quiet();
  expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'paid' });
  expect([await world.balance(merchant), await world.suspense()]).toEqual(['100.00', '100.00']);
  expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '100' });
  expect(await world.incidents()).toEqual(['account_refused']);
});

it('money for an order that has expired is kept', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const order = await world.order(merchant, { expires_at: new Date(Date.now() + 60_000).toISOString() });
  await world.query(`update orders.orders set expires_at = clock_timestamp() - interval '1 second'`);
  const expire = world.wired.sweeps.find(({ name }) => name === 'expired orders')!;
  for (let status = 'open'; status === 'open';) {
    await expire.run();
    ({ status } = await world.v1(merchant, 'get', `/orders/${order.id}`));
  }
  expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'expired' });
  await world.send(channel, world.paid(channel, order)).expect(204);
  await world.quiet();
  expect(await world.suspense()).toBe('100.00');
  expect(await world.incidents()).toEqual(['late_payment']);
});
