import Stripe from 'stripe';
import { createStripeBank } from '../../support/vendor-callbacks';
import { accountOf, moneyOf, NOW, onlyEvent, PAYMENT, refusal, verify } from './support';

const bank = createStripeBank();
const secret = bank.keys()[0]!.secret;

function event(type: string, object: Record<string, unknown> = {}, more: Record<string, unknown> = {}): unknown {
  return { id: 'evt_1', type, livemode: false, data: { object: { id: 'pi_1', ...object } }, ...more };
}

test.each([
  ['usd', 1234, '12.34 USD'],
  ['jpy', 1234, '1234 JPY'],
  ['clp', 1234, '1234 CLP'],
  ['mga', 1234, '1234.00 MGA'],
  ['isk', 50_000, '500 ISK'],
  ['ugx', 50_000, '500 UGX'],
  ['huf', 1234, '12.34 HUF'],
  ['twd', 1234, '12.34 TWD'],
  ['kwd', 12_340, '12.340 KWD'],
  ['idr', 1234, '12.34 IDR'],
])('%s %i is %s', (currency, amount_received, money) => {
  const callback = bank.send(event('payment_intent.succeeded', { amount_received, currency }), NOW);
  expect(moneyOf(verify(bank, callback))).toBe(money);
});

test.each([
  ['iqd', 1000],
  ['clf', 1000],
  ['xyz', 1000],
  ['usd', 12.5],
  ['usd', '1000'],
  ['usd', 2 ** 53],
  ['usd', 1e300],
  ['usd', null],
  [['usd'], 1000],
  [undefined, 1000],
])('an amount that Stripe does not define is not guessed: %j %j', (currency, amount_received) => {
  const callback = bank.send(event('payment_intent.succeeded', { amount_received, currency }), NOW);
  expect(onlyEvent(verify(bank, callback)).verdict.kind).toBe('not_understood');
});

test('a fraction of a krona, which is not possible any more, is still credited as what arrived', () => {
  const callback = bank.send(event('payment_intent.succeeded', { amount_received: 50_050, currency: 'isk' }), NOW);
  expect(moneyOf(verify(bank, callback))).toBe('500.5 ISK');
});

test.each([
  ['charge.succeeded', 'no_effect'],
  ['charge.updated', 'no_effect'],
  ['checkout.session.completed', 'no_effect'],
  ['payment_intent.created', 'no_effect'],
  ['payment_intent.canceled', 'payment_failed'],
  ['charge.refunded', 'refund'],
  ['charge.refund.updated', 'refund'],
  ['refund.created', 'refund'],
  ['charge.dispute.created', 'dispute'],
  ['invoice.paid', 'not_understood'],
])('%s is %s', (type, kind) => {
  const object = { amount_received: 1000, currency: 'usd', payment_intent: 'pi_1' };
  expect(onlyEvent(verify(bank, bank.send(event(type, object), NOW))).verdict.kind).toBe(kind);
});

test('any v1 may match, other schemes are not looked at', () => {
  const callback = bank.paid(PAYMENT);
  const header = callback.headers['stripe-signature']!;
  const [time, v1] = header.split(',') as [string, string];
  const wrong = `v1=${'0'.repeat(64)}`;
  const withHeader = (value: string): ReturnType<typeof verify> =>
    verify(bank, { ...callback, headers: { 'stripe-signature': value } });
  expect(withHeader([time, wrong, v1].join(',')).kind).toBe('verified');
  expect(withHeader([time, wrong].join(','))).toEqual(refusal('signature_wrong'));
  expect(withHeader([time, v1.replace('v1', 'v0')].join(','))).toEqual(refusal('signature_missing'));
  expect(withHeader([time, 't=0', v1].join(','))).toEqual(refusal('signature_missing'));
  expect(withHeader(v1)).toEqual(refusal('signature_missing'));
  expect(withHeader(`${time}.0,${v1}`)).toEqual(refusal('outside_time_window'));
});

test('what the official library takes for genuine is taken, byte for byte', () => {
  const callback = bank.paid(PAYMENT);
  const header = callback.headers['stripe-signature']!;
  expect(() =>
    Stripe.webhooks.constructEvent(callback.body, header, secret, 300, undefined, NOW.getTime()),
  ).not.toThrow();
  const reserialised = Buffer.from(JSON.stringify(JSON.parse(callback.body.toString())));
  expect(verify(bank, { ...callback, body: reserialised })).toEqual(refusal('signature_wrong'));
});

test('with Connect the connected account is the one that is compared', () => {
  const paid = (account?: string): ReturnType<typeof bank.send> =>
    bank.send(event('payment_intent.succeeded', { amount_received: 100, currency: 'usd' }, { account }), NOW);
  const connect = accountOf(bank, { settings: { connect_account: 'acct_9' } });
  expect(verify(bank, paid('acct_9'), connect).kind).toBe('verified');
  expect(verify(bank, paid('acct_8'), connect)).toEqual(refusal('other_receiving_account'));
  expect(verify(bank, paid(), connect)).toEqual(refusal('other_receiving_account'));
  expect(verify(bank, paid('acct_8'))).toEqual(refusal('other_receiving_account'));
  expect(verify(bank, paid('acct_8'), accountOf(bank, { receivingAccount: 'shop' })).kind).toBe('verified');
});

test('the metadata key of our reference can be set, and inherited names are not read', () => {
  const callback = bank.send(
    event('payment_intent.succeeded', { amount_received: 100, currency: 'usd', metadata: { order: 'ABC' } }),
    NOW,
  );
  const referenceWith = (key: string): unknown => {
    const channel = accountOf(bank, { settings: { payment_reference_key: key } });
    return onlyEvent(verify(bank, callback, channel)).verdict;
  };
  expect(referenceWith('order')).toMatchObject({ paymentReference: 'ABC' });
  expect(referenceWith('constructor')).toMatchObject({ kind: 'payment_succeeded', paymentReference: undefined });
});

test('duplicate keys collapse to the last, prototype keys mean nothing', () => {
  const payload =
    '{"id":"evt_1","id":"evt_2","__proto__":{"livemode":false},"livemode":false,"type":"payment_intent.succeeded",' +
    '"data":{"object":{"__proto__":{"id":"pi_x"},"amount_received":100,"currency":"usd"}}}';
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: NOW.getTime() / 1000 });
  const result = verify(bank, { headers: { 'stripe-signature': signature }, body: Buffer.from(payload) });
  expect(onlyEvent(result)).toMatchObject({ key: 'evt_2', verdict: { kind: 'not_understood' } });
});

test.each(['not json', '[]', '"text"', 'null', '{"a":'.repeat(65) + '1' + '}'.repeat(65)])(
  'a signed body that is no event is refused: %s',
  (payload) => {
    const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp: NOW.getTime() / 1000 });
    const callback = { headers: { 'stripe-signature': signature }, body: Buffer.from(payload) };
    expect(verify(bank, callback)).toEqual(refusal('malformed'));
  },
);
