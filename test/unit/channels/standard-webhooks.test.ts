import { Webhook } from 'standardwebhooks';
import { standardWebhooks } from '../../../src/channels/standard-webhooks';
import { createStandardWebhooksBank } from '../../support/vendor-callbacks';
import { accountOf, changed, moneyOf, NOW, onlyEvent, PAYMENT, refusal, verify } from './support';

const bank = createStandardWebhooksBank();
const asymmetric = createStandardWebhooksBank('v1a');

const DATA = { id: 'pay_1', reference: 'ABC', amount: '20.00', currency: 'USD', account: PAYMENT.account };

function send(data: unknown, type = 'payment.succeeded'): ReturnType<typeof bank.send> {
  return bank.send('msg_1', { type, timestamp: NOW.toISOString(), data }, NOW);
}

test.each([
  ['20', 'USD', '20.00 USD'],
  ['20', 'JPY', '20 JPY'],
  ['0.001', 'KWD', '0.001 KWD'],
])('%s %s is %s', (amount, currency, money) => {
  expect(moneyOf(verify(bank, send({ ...DATA, amount, currency })))).toBe(money);
});

test.each([
  [20, 'USD'],
  ['20.001', 'USD'],
  ['1.5', 'JPY'],
  ['20', 'usd'],
  ['20', 'XYZ'],
  ['2e1', 'USD'],
  [null, 'USD'],
  ['20', null],
])('%j %j is not guessed at', (amount, currency) => {
  expect(onlyEvent(verify(bank, send({ ...DATA, amount, currency }))).verdict.kind).toBe('not_understood');
});

test('an event about a payment must name the account; another kind of event need not', () => {
  const unnamed = changed(DATA, { account: undefined });
  for (const type of ['payment.succeeded', 'payment.failed', 'refund.succeeded']) {
    expect(verify(bank, send(unnamed, type))).toEqual(refusal('other_receiving_account'));
  }
  expect(onlyEvent(verify(bank, send(unnamed, 'ping'))).verdict.kind).toBe('not_understood');
  expect(verify(bank, send({ ...DATA, account: 'another' }, 'ping'))).toEqual(refusal('other_receiving_account'));
  expect(verify(bank, send({ ...DATA, account: [PAYMENT.account] }))).toEqual(refusal('other_receiving_account'));
});

test('the mode is compared where it is given', () => {
  expect(verify(bank, send(DATA)).kind).toBe('verified');
  expect(verify(bank, send({ ...DATA, live: false })).kind).toBe('verified');
  for (const live of [true, 'false', null]) {
    expect(verify(bank, send({ ...DATA, live }))).toEqual(refusal('other_mode'));
  }
});

test.each([
  ['payment.pending', 'no_effect'],
  ['payment.failed', 'payment_failed'],
  ['payment.refunded', 'refund'],
  ['refund.created', 'refund'],
  ['dispute.opened', 'dispute'],
  ['chargeback.created', 'chargeback'],
  ['payment.invented', 'not_understood'],
])('%s is %s', (type, kind) => {
  expect(onlyEvent(verify(bank, send(DATA, type))).verdict.kind).toBe(kind);
});

test('one right signature among several is enough, of either scheme', () => {
  const channel = accountOf(bank, { keys: [...accountOf(bank).keys, ...accountOf(asymmetric).keys] });
  for (const callback of [bank.paid(PAYMENT), asymmetric.paid(PAYMENT)]) {
    const right = callback.headers['webhook-signature']!;
    const withSignatures = (list: string): ReturnType<typeof verify> =>
      verify(bank, { ...callback, headers: { ...callback.headers, 'webhook-signature': list } }, channel);
    const wrong = `v1,${Buffer.alloc(32).toString('base64')} v1a,${Buffer.alloc(64).toString('base64')} v2,x`;
    expect(withSignatures(`${wrong} ${right}`).kind).toBe('verified');
    expect(withSignatures(wrong)).toEqual(refusal('signature_wrong'));
    expect(withSignatures(right.replace(',', ''))).toEqual(refusal('signature_missing'));
    expect(withSignatures(`${'v1,x '.repeat(20)}${right}`)).toEqual(refusal('signature_wrong'));
  }
});

test('an id with a dot, which could be read in two ways, is refused although its signature is right', () => {
  const callback = bank.send('msg.1', { type: 'payment.succeeded', data: DATA }, NOW);
  expect(verify(bank, callback).kind).toBe('refused');
});

test('a public key cannot be used as an HMAC secret', () => {
  const [key] = asymmetric.keys();
  const forged = new Webhook(key!.secret.slice('whpk_'.length)).sign('msg_1', NOW, '{}');
  const headers = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(NOW.getTime() / 1000),
    'webhook-signature': forged,
  };
  expect(verify(asymmetric, { headers, body: Buffer.from('{}') })).toEqual(refusal('signature_wrong'));
});

test('the keys are checked for their length', () => {
  const secret = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString('base64')}`;
  for (const bytes of [24, 32, 64]) {
    expect(standardWebhooks.checkKey('webhook_secret', secret(bytes))).toBeUndefined();
  }
  for (const bytes of [0, 16, 23, 65]) expect(standardWebhooks.checkKey('webhook_secret', secret(bytes))).toBeDefined();
  expect(standardWebhooks.checkKey('webhook_public_key', secret(32))).toBeDefined();
});
