import fc, { type Arbitrary } from 'fast-check';
import type { ChannelEvent } from '../../../src/channels/channel';
import { isJsonObject } from '../../../src/channels/support/json';
import { LARGEST_AMOUNT } from '../../../src/core/money';
import {
  type createAdyenBank,
  type createAlipayBank,
  type createStandardWebhooksBank,
  type createStripeBank,
  type createWeChatPayBank,
  type VendorBank,
  type VendorCallback,
} from '../../support/vendor-callbacks';
import type { Json } from '../../support/world';
import { NOW, PAYMENT } from '../../unit/channels/support';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { changeJson, hostileText, jsonChange } from '../support/json-mutations';
import { type Subject, SUBJECTS, verifyAs } from '../support/subjects';

/**
 * What a vendor has signed with the right key and nobody expects: the parts behind the signature never throw, and whatever
 * they give can be stored. Whatever nobody has signed is refused.
 */
jest.setTimeout(PATIENCE_MS);

const changes = fc.array(jsonChange, { maxLength: 4 });
const bankOf = (name: string): VendorBank => SUBJECTS.find((subject) => subject.name === name)!.bank;
/** Without what the vendor adds when it signs. */
const unsignedFields = (fields: object): Record<string, string> =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !/^(additionalData|sign|sign_type)$/.test(name)));
const bodyOf = (callback: VendorCallback): Json => JSON.parse(callback.body.toString());

/** Any callback around a genuine one, signed by its vendor as it is. */
const SIGNED: Readonly<Record<string, Arbitrary<VendorCallback>>> = {
  stripe: fc.tuple(fc.nat(3), changes).map(([kind, made]) => {
    const bank = bankOf('stripe') as ReturnType<typeof createStripeBank>;
    return bank.send(changeJson(bodyOf(ofKind('stripe', kind)), made), NOW);
  }),
  'standard_webhooks with HMAC': fc.tuple(fc.nat(3), changes).map(([kind, made]) => {
    const bank = bankOf('standard_webhooks with HMAC') as ReturnType<typeof createStandardWebhooksBank>;
    return bank.send('msg_1', changeJson(bodyOf(ofKind('standard_webhooks with HMAC', kind)), made), NOW);
  }),
  'standard_webhooks with Ed25519': fc.tuple(fc.nat(3), changes).map(([kind, made]) => {
    const bank = bankOf('standard_webhooks with Ed25519') as ReturnType<typeof createStandardWebhooksBank>;
    return bank.send('msg_1', changeJson(bodyOf(ofKind('standard_webhooks with Ed25519', kind)), made), NOW);
  }),
  wechat_pay: fc
    .tuple(changes, fc.constantFrom('TRANSACTION.SUCCESS', 'REFUND.SUCCESS', 'TRANSACTION.', ''), hostileText)
    .map(([made, type, id]) => {
      const bank = bankOf('wechat_pay') as ReturnType<typeof createWeChatPayBank>;
      const content = {
        mchid: PAYMENT.account,
        appid: 'wxd678efh567hg6787',
        out_trade_no: PAYMENT.paymentReference,
        transaction_id: PAYMENT.providerReference,
        trade_state: 'SUCCESS',
        amount: { total: 1234, payer_total: 1, currency: 'CNY' },
      };
      return bank.send({ id, type, at: NOW, content: changeJson(content, made) });
    }),
  adyen: fc.tuple(fc.nat(3), changes).map(([kind, made]) => {
    const bank = bankOf('adyen') as ReturnType<typeof createAdyenBank>;
    const item = unsignedFields(bodyOf(ofKind('adyen', kind)).notificationItems[0].NotificationRequestItem);
    const changed = changeJson(item, made);
    const amount: unknown = changed?.amount;
    try {
      return bank.send([{ ...changed, amount: isJsonObject(amount) ? amount : {} }]);
    } catch {
      // The vendor's library signs texts and numbers, and not an object that cannot be made a text.
      return bank.send([item]);
    }
  }),
  alipay: fc
    .tuple(
      fc.nat(3),
      fc.dictionary(
        fc.constantFrom(
          'trade_status',
          'total_amount',
          'trade_no',
          'notify_id',
          'refund_fee',
          'gmt_refund',
          'trans_currency',
          'out_trade_no',
          'x',
          '__proto__',
        ),
        hostileText,
      ),
    )
    .map(([kind, more]) => {
      const bank = bankOf('alipay') as ReturnType<typeof createAlipayBank>;
      const form = unsignedFields(Object.fromEntries(new URLSearchParams(ofKind('alipay', kind).body.toString())));
      return bank.sendBytes(
        Object.fromEntries(Object.entries({ ...form, ...more }).map(([name, value]) => [name, Buffer.from(value)])),
      );
    }),
};

function ofKind(name: string, kind: number): VendorCallback {
  const bank = bankOf(name);
  return [bank.paid, bank.failed, bank.refund, bank.other][kind]!(PAYMENT);
}

const STORABLE = /^[^\p{Cc}\p{Surrogate}]+$/u;

/** What the tables and the money path behind it rely on. */
function mustBeStorable({ key, type, verdict }: ChannelEvent): void {
  expect(key).toMatch(STORABLE);
  expect(key.length).toBeLessThanOrEqual(200);
  expect(type).toMatch(STORABLE);
  expect(type.length).toBeLessThanOrEqual(100);
  if (verdict.kind === 'no_effect' || verdict.kind === 'not_understood') return;
  expect(verdict.providerReference ?? 'x').toMatch(STORABLE);
  expect(verdict.paymentReference ?? 'x').toMatch(/^[0-9A-Za-z]{1,32}$/);
  if (verdict.kind !== 'payment_succeeded') return;
  expect(verdict.providerReference.length).toBeLessThanOrEqual(128);
  expect(verdict.amount.isPositive()).toBe(true);
  expect(verdict.amount.amount.lte(LARGEST_AMOUNT)).toBe(true);
  expect(verdict.amount.amount.decimalPlaces()).toBeLessThanOrEqual(4);
}

describe.each(SUBJECTS.map((subject) => [subject.name, subject] as const))('%s', (name, subject) => {
  test('whatever the vendor signs is judged without an error, and can be stored', () => {
    let verified = 0;
    fc.assert(
      fc.property(SIGNED[name]!, (callback) => {
        const result = verifyAs(subject, callback);
        if (result.kind === 'refused') expect(result.reason).not.toBe('signature_wrong');
        else for (const event of result.events) mustBeStorable(event);
        if (result.kind === 'verified') verified += 1;
      }),
      fuzz(250),
    );
    // Otherwise nothing behind the signature was reached.
    expect(verified).toBeGreaterThan(0);
  });

  test('whatever nobody has signed is refused', () => {
    fc.assert(
      fc.property(unsigned(subject), (callback) => {
        expect(verifyAs(subject, callback).kind).toBe('refused');
      }),
      fuzz(250),
    );
  });
});

/** The headers that verification reads, with any values, over any bytes. */
function unsigned({ bank }: Subject): Arbitrary<VendorCallback> {
  const genuine = bank.paid(PAYMENT).headers;
  const value = fc.oneof(hostileText, fc.base64String(), fc.constantFrom(...Object.values(genuine)));
  return fc.record({
    headers: fc.dictionary(fc.constantFrom(...Object.keys(genuine), '__proto__'), value),
    body: fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.webQueryParameters().map((text) => Buffer.from(text)),
      fc.webQueryParameters().map((text) => Buffer.from(`${text}&sign=AAAA&sign_type=RSA2`)),
      fc
        .jsonValue()
        .map((item) =>
          Buffer.from(JSON.stringify({ live: 'false', notificationItems: [{ NotificationRequestItem: item }] })),
        ),
    ),
  });
}
