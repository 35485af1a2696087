import { createPublicKey } from 'node:crypto';
import { alipay } from '../../../src/channels/alipay';
import { createAlipayBank, createWeChatPayBank } from '../../support/vendor-callbacks';
import { accountOf, moneyOf, onlyEvent, PAYMENT, refusal, verify } from './support';

const bank = createAlipayBank();

const PARAMETERS = {
  app_id: PAYMENT.account,
  notify_id: 'N1',
  trade_no: 'T1',
  out_trade_no: 'ABC',
  total_amount: '20',
  trade_status: 'TRADE_SUCCESS',
};

test.each([
  ['TRADE_SUCCESS', 'payment_succeeded'],
  ['TRADE_FINISHED', 'payment_succeeded'],
  ['TRADE_CLOSED', 'payment_failed'],
  ['WAIT_BUYER_PAY', 'no_effect'],
  ['TRADE_NEW', 'not_understood'],
])('%s is %s', (trade_status, kind) => {
  expect(onlyEvent(verify(bank, bank.send({ ...PARAMETERS, trade_status }))).verdict.kind).toBe(kind);
});

test.each([
  [{ gmt_refund: '2026-11-20 10:00:00' }, 'refund'],
  [{ refund_fee: '1.00' }, 'refund'],
  [{ refund_fee: '0.00' }, 'payment_succeeded'],
  [{ refund_fee: '', gmt_refund: '' }, 'payment_succeeded'],
])('with %j it is %s', (more, kind) => {
  expect(onlyEvent(verify(bank, bank.send({ ...PARAMETERS, ...more }))).verdict.kind).toBe(kind);
});

test.each([
  ['20', undefined, '20.00 CNY'],
  ['0.01', undefined, '0.01 CNY'],
  ['88.880', undefined, '88.88 CNY'],
  ['500', 'JPY', '500 JPY'],
])('total_amount %s with trans_currency %s is %s', (total_amount, trans_currency, money) => {
  const more = trans_currency === undefined ? {} : { trans_currency };
  expect(moneyOf(verify(bank, bank.send({ ...PARAMETERS, total_amount, ...more })))).toBe(money);
});

test.each(['1e3', '20,00', '0.001', '', ' 20', '+20', '0x10', '99999999999999999999999'])(
  'the amount %j is not guessed at',
  (total_amount) => {
    expect(onlyEvent(verify(bank, bank.send({ ...PARAMETERS, total_amount }))).verdict.kind).toBe('not_understood');
  },
);

test('values are URL-decoded once: an escaped escape stays one', () => {
  const callback = bank.send({ ...PARAMETERS, subject: '50%25 off & 1+1=2', body: '%E4%BD%A0' });
  expect(verify(bank, callback).kind).toBe('verified');
  const decodedTwice = { ...callback, body: Buffer.from(callback.body.toString().replaceAll('%25', '%')) };
  expect(verify(bank, decodedTwice).kind).toBe('refused');
});

test('empty values are signed, as in the official SDK', () => {
  const callback = bank.send({ ...PARAMETERS, passback_params: '' });
  expect(verify(bank, callback).kind).toBe('verified');
  const without = Buffer.from(callback.body.toString().replace(/passback_params=&/, ''));
  expect(verify(bank, { ...callback, body: without })).toEqual(refusal('signature_wrong'));
});

test('GBK is signed and verified in its own bytes', () => {
  const parameters = Object.fromEntries(
    Object.entries({ ...PARAMETERS, charset: 'GBK' }).map(([name, value]) => [name, Buffer.from(value)]),
  );
  // 订单 in GBK; the second byte of 乗 (0x81 0x5C) is a backslash in ASCII.
  const callback = bank.sendBytes({ ...parameters, subject: Buffer.from('b6a9b5a5815c', 'hex') });
  expect(moneyOf(verify(bank, callback))).toBe('20.00 CNY');
  const strange = bank.sendBytes({ ...parameters, out_trade_no: Buffer.from('b6a9', 'hex') });
  expect(onlyEvent(verify(bank, strange)).verdict).toMatchObject({
    kind: 'payment_succeeded',
    paymentReference: undefined,
  });
});

test('only RSA2 is accepted; sign_type is not signed and may be left out', () => {
  const callback = bank.send(PARAMETERS);
  const withType = (type: string): unknown =>
    verify(bank, { ...callback, body: Buffer.from(callback.body.toString().replace('&sign_type=RSA2', type)) });
  expect(withType('')).toMatchObject({ kind: 'verified' });
  expect(withType('&sign_type=RSA')).toEqual(refusal('signature_wrong'));
  expect(withType('&sign_type=MD5')).toEqual(refusal('signature_wrong'));
});

test.each(['&app_id=x', '&trade_no=T2', '&%74rade_no=T2', '&x=%zz', '&x=é', '&=1', '&', '&x=1&x=1'])(
  'a form with %s behind it is refused',
  (more) => {
    const callback = bank.send(PARAMETERS);
    expect(verify(bank, { ...callback, body: Buffer.concat([callback.body, Buffer.from(more)]) })).toEqual(
      refusal('malformed'),
    );
  },
);

test('the seller is compared where one is set', () => {
  const seller = accountOf(bank, { settings: { seller_id: '2088' } });
  expect(verify(bank, bank.send({ ...PARAMETERS, seller_id: '2088' }), seller).kind).toBe('verified');
  expect(verify(bank, bank.send({ ...PARAMETERS, seller_id: '2089' }), seller)).toEqual(
    refusal('other_receiving_account'),
  );
  expect(verify(bank, bank.send(PARAMETERS), seller)).toEqual(refusal('other_receiving_account'));
});

test('the key may be PEM, with or without line ends, or bare base64', () => {
  const bare = bank.keys()[0]!.secret;
  const pem = createPublicKey({ key: Buffer.from(bare, 'base64'), format: 'der', type: 'spki' });
  const texts = [
    bare,
    `${bare.slice(0, 64)}\n${bare.slice(64)}\n`,
    pem.export({ format: 'pem', type: 'spki' }).toString(),
    pem.export({ format: 'pem', type: 'pkcs1' }).toString(),
  ];
  for (const secret of texts) {
    expect(alipay.checkKey('alipay_public_key', secret)).toBeUndefined();
    const channel = accountOf(bank, { keys: [{ purpose: 'alipay_public_key', serial: undefined, secret }] });
    expect(verify(bank, bank.send(PARAMETERS), channel).kind).toBe('verified');
  }
  const apiKey = createWeChatPayBank().apiKey;
  expect(alipay.checkKey('alipay_public_key', apiKey)).toBeDefined();
});

test('both statuses of one trade are two events of one payment', () => {
  const success = onlyEvent(verify(bank, bank.send({ ...PARAMETERS, notify_id: 'N1' })));
  const finished = onlyEvent(
    verify(bank, bank.send({ ...PARAMETERS, notify_id: 'N2', trade_status: 'TRADE_FINISHED' })),
  );
  expect(finished.key).not.toBe(success.key);
  expect(finished.verdict).toEqual(success.verdict);
});

test('the answers are the words that Alipay waits for', () => {
  expect(alipay.success().body).toBe('success');
  expect(alipay.tryAgain().body).toBe('fail');
});
