import { until } from '../support/scenario';
import { type World, startWorld } from '../support/world';
import {
  createAdyenBank,
  createStandardWebhooksBank,
  createStripeBank,
  everyVendorBank,
} from '../support/vendor-callbacks';

/** Every case of "What a receipt may meet", from a signed callback to books that the audit finds sound. */
let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(async () => {
  await world.quiet();
  await world.mustBeSound();
  await world.stop();
});

describe('an open order that everything fits', () => {
  it.each(everyVendorBank().map((bank, index) => [bank.provider, index] as const))(
    'is paid by a callback of %s (%i)',
    async (_, index) => {
      const bank = everyVendorBank()[index]!;
      const [merchant, channel] = [await world.merchant(), await world.channel(bank)];
      const order = await world.order(merchant, { currency: 'CNY', amount: '88.80' });
      const answer = await world.send(channel, world.paid(channel, order));
      expect([200, 204]).toContain(answer.status);
      expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'paid' });
      await world.quiet();
      expect(await world.balance(merchant, 'CNY')).toBe('88.80');
      expect(await world.incidents()).toEqual([]);
    },
  );

  it('is found by its reference in capitals too', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    const paymentReference = order.payment_reference.toUpperCase();
    await world.send(channel, world.paid(channel, order, { paymentReference })).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
  });

  it('credits merchant, fee, splits and points, and posts them in the books', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/fee-plans/USD`, { rate: '0.02', fixed: '0.30' });
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, {
      points_per_unit: '1',
      point_value: '0.01',
    });
    const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, {
      reference: 'promoter',
      currency: 'USD',
    });
    const order = await world.order(merchant, { customer: 'anna', splits: [{ account: payee.id, amount: '5.00' }] });
    expect(order).toMatchObject({ fee: '2.30', net: '92.70', points: '100' });
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('92.70');
    expect(await world.v1(merchant, 'get', `/accounts/${payee.id}`)).toMatchObject({ balance: '5.00' });
    expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '100' });
    const { data, totals } = await world.admin('get', '/trial-balance');
    const balances = Object.fromEntries(data.map((row: { name: string; balance: string }) => [row.name, row.balance]));
    expect(Object.keys(balances)).toHaveLength(6);
    expect(totals).toEqual([{ currency: 'USD', debit: '101.00', credit: '101.00', difference: '0.00' }]);
  });
});

describe('an account that refuses', () => {
  async function freeze(kind: string, path = 'accounts'): Promise<void> {
    const { data } = await world.admin('get', `/${path}?kind=${kind}`);
    for (const account of data) await world.admin('post', `/${path}/${account.id}/freeze`);
  }

  it('fund account frozen: the order is paid, the gross is in suspense, no points', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await world.send(channel, world.paid(channel, await world.order(merchant, { customer: 'anna' }))).expect(204);
    await world.quiet();
    await freeze('merchant');
    const order = await world.order(merchant, { customer: 'anna' });
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'paid' });
    expect(await world.suspense()).toBe('100.00');
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '100' });
    expect(await world.incidents()).toEqual(['account_refused']);
  });

  it('points account frozen: the merchant is credited, no points, an incident', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await world.send(channel, world.paid(channel, await world.order(merchant, { customer: 'anna' }))).expect(204);
    await world.quiet();
    await freeze('customer', 'points-accounts');
    await world.send(channel, world.paid(channel, await world.order(merchant, { customer: 'anna' }))).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('200.00');
    expect(await world.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: '100' });
    expect(await world.incidents()).toEqual(['points_refused']);
  });

  it('a split closed: that leg is in suspense, the rest as agreed', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, { reference: 'p', currency: 'USD' });
    const order = await world.order(merchant, { splits: [{ account: payee.id, amount: '5.00' }] });
    await world.admin('post', `/accounts/${payee.id}/close`);
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('95.00');
    expect(await world.suspense()).toBe('5.00');
    expect(await world.incidents()).toEqual(['split_refused']);
  });
});

describe('money that may not pay its order', () => {
  it('late, after closing: suspense, and the order stays closed', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    await world.v1(merchant, 'post', `/orders/${order.id}/close`);
    await world.send(channel, world.paid(channel, order)).expect(204);
    expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'closed' });
    await world.quiet();
    expect(await world.suspense()).toBe('100.00');
    expect(await world.incidents()).toEqual(['late_payment']);
  });

  it('late, after expiry: only the state expired makes it so', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant, { expires_at: new Date(Date.now() + 3_600_000).toISOString() });
    await world.query(`update orders.orders set expires_at = clock_timestamp()`);
    await until('the order has expired', async () => {
      return (await world.v1(merchant, 'get', `/orders/${order.id}`)).status === 'expired';
    });
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    expect(await world.suspense()).toBe('100.00');
    expect(await world.incidents()).toEqual(['late_payment']);
  });

  it('a second receipt through another channel: suspense, paid once', async () => {
    const merchant = await world.merchant();
    const [first, second] = [await world.channel(), await world.channel(createStripeBank())];
    const order = await world.order(merchant);
    await world.send(first, world.paid(first, order)).expect(204);
    await world.quiet();
    await world.send(second, world.paid(second, order)).expect(200);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.suspense()).toBe('100.00');
    expect(await world.incidents()).toEqual(['duplicate_payment']);
  });

  it('the wrong amount, the wrong currency: what really arrived is in suspense and the order stays open', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    await world.send(channel, world.paid(channel, order, { amount: '99.99' })).expect(204);
    await world.send(channel, world.paid(channel, order, { amount: '9000', currency: 'JPY' })).expect(204);
    await world.quiet();
    expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'open' });
    expect([await world.suspense('USD'), await world.suspense('JPY')]).toEqual(['99.99', '9000']);
    expect(await world.incidents()).toEqual(['amount_mismatch', 'currency_mismatch']);
    await world.send(channel, world.paid(channel, order)).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
  });

  it('two captures of one payment: each is money of its own', async () => {
    const bank = createAdyenBank();
    const merchant = await world.merchant();
    const channel = await world.channel(bank, { settings: { money_event: 'CAPTURE' } });
    const order = await world.order(merchant);
    for (const providerReference of ['CAPTURE1', 'CAPTURE2']) {
      const part = world.payment(channel, order, { providerReference, amount: '50.00' });
      const callback = bank.several([{ eventCode: 'CAPTURE', payment: part, originalReference: 'AUTHORISED' }]);
      await world.send(channel, callback).expect(200);
    }
    await world.quiet();
    expect(await world.suspense()).toBe('100.00');
    expect(await world.incidents()).toEqual(['amount_mismatch', 'amount_mismatch']);
  });

  it('more than a balance could ever hold: a person sees it, and others are credited as before', async () => {
    const channel = await world.channel();
    const nobody = { payment_reference: undefined, currency: 'USD' };
    for (const amount of ['99999999999999999999.99', '1.00']) {
      await world.send(channel, world.paid(channel, { ...nobody, amount })).expect(204);
    }
    await world.quiet();
    expect(await world.suspense()).toBe('1.00');
    expect(await world.incidents()).toEqual(['event_not_understood', 'unidentified_payment']);
  });

  it('a channel that the order does not take: suspense', async () => {
    const merchant = await world.merchant();
    const [wanted, other] = [await world.channel(), await world.channel()];
    const order = await world.order(merchant, { channels: [wanted.name] });
    await world.send(other, world.paid(other, order)).expect(204);
    await world.quiet();
    expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'open' });
    expect(await world.incidents()).toEqual(['channel_not_accepted']);
  });
});

describe('an order that is not there', () => {
  it('is waited for: the callback was faster than the order', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    const [{ payment_reference: hidden }] = (await world.query(
      `update orders.orders set payment_reference = 'HIDDEN' || left(payment_reference, 20) returning payment_reference`,
    )) as [{ payment_reference: string }];
    const callback = world.paid(channel, order);
    await world.send(channel, callback).expect(503).expect('Retry-After', /\d+/);
    await world.query('update orders.orders set payment_reference = $1 where payment_reference = $2', [
      order.payment_reference,
      hidden,
    ]);
    await world.send(channel, callback).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
  });

  it('is given up after a minute: suspense, unidentified, whether or not the bank calls again', async () => {
    const channel = await world.channel();
    const order = { payment_reference: 'NOBODYKNOWSTHIS', amount: '7.00', currency: 'USD' };
    const callback = world.paid(channel, order);
    await world.send(channel, callback).expect(503);
    await world.query(`update orders.receipts set received_at = received_at - interval '1 minute'`);
    await world.quiet();
    expect(await world.suspense()).toBe('7.00');
    expect(await world.incidents()).toEqual(['unidentified_payment']);
    await world.send(channel, callback).expect(204);
  });

  it('is not waited for where the event has no reference of ours', async () => {
    const channel = await world.channel();
    const nameless = world.payment(channel, { amount: '7.00', currency: 'USD' });
    await world.send(channel, channel.bank.paid(nameless)).expect(204);
    await world.quiet();
    expect(await world.incidents()).toEqual(['unidentified_payment']);
  });

  it('of a merchant that the channel does not serve is none', async () => {
    const [merchant, other] = [await world.merchant(), await world.merchant()];
    const channel = await world.channel(createStandardWebhooksBank('v1'), { merchants: [other.id] });
    await world.send(channel, world.paid(channel, await world.order(merchant))).expect(503);
    await world.query(`update orders.receipts set received_at = received_at - interval '1 minute'`);
    await world.quiet();
    expect(await world.incidents()).toEqual(['unidentified_payment']);
  });
});

describe('the same receipt again', () => {
  it('changes nothing, and is acknowledged', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    const callback = world.paid(channel, order);
    for (let times = 0; times < 3; times += 1) await world.send(channel, callback).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.incidents()).toEqual([]);
  });

  it('in another event with another amount is an incident', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const order = await world.order(merchant);
    const providerReference = 'pay-once';
    await world.send(channel, world.paid(channel, order, { providerReference, eventId: 'e1' })).expect(204);
    const other = world.paid(channel, order, { providerReference, eventId: 'e2', amount: '1.00' });
    await world.send(channel, other).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.incidents()).toEqual(['receipt_changed']);
  });

  it('two hundred times in parallel is credited once', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const callback = world.paid(channel, await world.order(merchant));
    const answers = await Promise.all(Array.from({ length: 200 }, () => world.send(channel, callback)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([204]));
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
  });

  it('in parallel to two processes is credited once', async () => {
    const second = await startWorld({ on: world });
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    for (let round = 0; round < 5; round += 1) {
      const callback = world.paid(channel, await world.order(merchant));
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? world : second).send(channel, callback)),
      );
      for (const answer of answers) expect([204, 503]).toContain(answer.status);
      expect(answers.some((answer) => answer.status === 204)).toBe(true);
    }
    await world.quiet();
    expect(await world.balance(merchant)).toBe('500.00');
    await second.stop();
  });

  it('two receipts in parallel for one order: one pays it, the other is in suspense', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    for (let round = 0; round < 5; round += 1) {
      const order = await world.order(merchant);
      await Promise.all(Array.from({ length: 2 }, () => world.send(channel, world.paid(channel, order))));
    }
    await world.quiet();
    expect(await world.balance(merchant)).toBe('500.00');
    expect(await world.suspense()).toBe('500.00');
    expect(await world.incidents()).toEqual(Array(5).fill('duplicate_payment'));
  });
});

describe('what is verified and is no payment', () => {
  it('a failure before the payment leaves the order open', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel(createStripeBank())];
    const order = await world.order(merchant);
    const payment = world.payment(channel, order);
    await world.send(channel, channel.bank.failed(payment)).expect(200);
    expect(await world.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'open' });
    await world.send(channel, channel.bank.paid(payment)).expect(200);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.incidents()).toEqual([]);
  });

  it('a failure after the payment is an incident and takes nothing back', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel(createStripeBank())];
    const payment = world.payment(channel, await world.order(merchant));
    await world.send(channel, channel.bank.paid(payment)).expect(200);
    await world.send(channel, channel.bank.failed(payment)).expect(200);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('100.00');
    expect(await world.incidents()).toEqual(['failure_after_success']);
  });

  it('a refund and an unknown event are stored once, for a person', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const payment = world.payment(channel, await world.order(merchant));
    for (let times = 0; times < 2; times += 1) {
      await world.send(channel, channel.bank.refund(payment)).expect(204);
      await world.send(channel, channel.bank.other(payment)).expect(204);
    }
    expect((await world.incidents()).length).toBeGreaterThan(0);
    const [{ count }] = (await world.query('select count(*) from orders.inbox_events')) as [{ count: string }];
    expect(count).toBe('2');
  });

  it('several events under one key are several: each payment is credited and proved, and a refund is seen', async () => {
    const [merchant, channel] = [await world.merchant(), await world.channel()];
    const orders = [await world.order(merchant), await world.order(merchant)];
    const eventId = 'the-only-key-it-has';
    for (const order of [...orders, ...orders]) {
      await world.send(channel, world.paid(channel, order, { eventId, providerReference: `p${order.id}` })).expect(204);
    }
    await world.send(channel, channel.bank.refund(world.payment(channel, orders[0], { eventId }))).expect(204);
    await world.quiet();
    expect(await world.balance(merchant)).toBe('200.00');
    expect(await world.incidents()).toEqual(['refund_received']);
    const [{ count }] = (await world.query('select count(*) from orders.inbox_events')) as [{ count: string }];
    expect(count).toBe('3');
  });
});

it('a callback that is not verified changes nothing', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const genuine = world.paid(channel, await world.order(merchant));
  const forged = { ...genuine, body: Buffer.from(genuine.body.toString().replace('100.00', '900.00')) };
  await world.send(channel, forged).expect(401);
  await world.send(channel, { headers: {}, body: genuine.body }).expect(401);
  await world.send(channel, { headers: genuine.headers, body: Buffer.alloc(300 * 1024, 'a') }).expect(413);
  const rows = await world.query(
    `select (select count(*) from orders.inbox_events) + (select count(*) from orders.receipts) as count`,
  );
  expect(rows).toEqual([{ count: '0' }]);
});
