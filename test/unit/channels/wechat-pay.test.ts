import { wechatPay } from '../../../src/channels/wechat-pay';
import { createWeChatPayBank } from '../../support/vendor-callbacks';
import { accountOf, changed, moneyOf, NOW, onlyEvent, PAYMENT, refusal, verify } from './support';

const bank = createWeChatPayBank();

const CONTENT = {
  mchid: PAYMENT.account,
  appid: 'wx1',
  out_trade_no: 'ABC',
  transaction_id: 'T1',
  trade_state: 'SUCCESS',
  amount: { total: 100, payer_total: 50, currency: 'CNY' },
};

function send(content: unknown, type = 'TRANSACTION.SUCCESS'): ReturnType<typeof bank.send> {
  return bank.send({ id: 'n1', type, content, at: NOW });
}

test('probes with WECHATPAY/SIGNTEST/ fail', () => {
  const callback = bank.paid(PAYMENT);
  const signature = callback.headers['wechatpay-signature']!;
  for (const probe of [`WECHATPAY/SIGNTEST/${signature}`, `WECHATPAY/SIGNTEST/${signature.slice(19)}`]) {
    const headers = { ...callback.headers, 'wechatpay-signature': probe };
    expect(verify(bank, { ...callback, headers })).toEqual(refusal('signature_wrong'));
  }
});

test('the tag of the encrypted resource is checked, although the signature is right', () => {
  const tampered = (tamper: (bytes: Buffer) => void): unknown =>
    verify(bank, bank.send({ id: 'n1', type: 'TRANSACTION.SUCCESS', content: CONTENT, at: NOW, tamper }));
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[bytes.length + at] = (bytes[bytes.length + at] ?? 0) ^ 1;
  };
  expect(tampered(() => undefined)).toMatchObject({ kind: 'verified' });
  for (const at of [-1, -16, -17, -60]) expect(tampered(flip(at))).toEqual(refusal('decryption_failed'));
});

test('another APIv3 key cannot open it; of two, the one that can does', () => {
  const channel = accountOf(bank);
  const keys = channel.keys.map((key) => (key.purpose === 'api_v3_key' ? { ...key, secret: 'x'.repeat(32) } : key));
  expect(verify(bank, bank.paid(PAYMENT), { ...channel, keys })).toEqual(refusal('decryption_failed'));
  expect(verify(bank, bank.paid(PAYMENT), { ...channel, keys: [...keys, ...channel.keys] }).kind).toBe('verified');
});

test('the serial chooses the key', () => {
  const callback = bank.paid(PAYMENT);
  const headers = { ...callback.headers, 'wechatpay-serial': 'ANOTHER' };
  expect(verify(bank, { ...callback, headers })).toEqual(refusal('unknown_key'));
  const other = createWeChatPayBank('ANOTHER', bank.apiKey);
  const both = accountOf(bank, { keys: [...accountOf(bank).keys, ...accountOf(other).keys] });
  expect(verify(bank, other.paid(PAYMENT), both).kind).toBe('verified');
  expect(verify(bank, { ...callback, headers }, both)).toEqual(refusal('signature_wrong'));
});

test.each([
  [{ total: 1234, currency: 'CNY' }, '12.34 CNY'],
  [{ total: 1234 }, '12.34 CNY'],
  [{ total: 1234, currency: 'JPY' }, '1234 JPY'],
])('%j is %s', (amount, money) => {
  expect(moneyOf(verify(bank, send({ ...CONTENT, amount })))).toBe(money);
});

test.each([
  ['TRANSACTION.SUCCESS', 'CLOSED', 'payment_failed'],
  ['TRANSACTION.SUCCESS', 'USERPAYING', 'no_effect'],
  ['TRANSACTION.SUCCESS', 'REFUND', 'refund'],
  ['TRANSACTION.SUCCESS', 'NEW', 'not_understood'],
  ['TRANSACTION.CLOSED', 'SUCCESS', 'not_understood'],
  ['REFUND.ABNORMAL', 'SUCCESS', 'refund'],
  ['COMPLAINT.CREATE', 'SUCCESS', 'not_understood'],
])('%s with %s is %s', (type, trade_state, kind) => {
  expect(onlyEvent(verify(bank, send({ ...CONTENT, trade_state }, type))).verdict.kind).toBe(kind);
});

test('the merchant must be named and be the channel’s, and the app where one is set', () => {
  const unnamed = changed(CONTENT, { mchid: undefined });
  expect(verify(bank, send(unnamed))).toEqual(refusal('other_receiving_account'));
  expect(verify(bank, send(unnamed, 'COMPLAINT.CREATE')).kind).toBe('verified');
  expect(verify(bank, send(CONTENT), accountOf(bank, { settings: { appid: 'wx1' } })).kind).toBe('verified');
  expect(verify(bank, send(CONTENT), accountOf(bank, { settings: { appid: 'wx2' } }))).toEqual(
    refusal('other_receiving_account'),
  );
});

test('success is 204, and failures are said in WeChat Pay’s own words', () => {
  expect(wechatPay.success()).toEqual({ status: 204, contentType: undefined, body: '' });
  expect(JSON.parse(wechatPay.tryAgain().body)).toMatchObject({ code: 'FAIL' });
  expect(JSON.parse(wechatPay.refused().body)).toMatchObject({ code: 'FAIL' });
});
