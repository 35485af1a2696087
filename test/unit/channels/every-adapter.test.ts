import fc from 'fast-check';
import { channelRegistry } from '../../../src/channels/registry';
import {
  createAdyenBank,
  createAlipayBank,
  createStandardWebhooksBank,
  createStripeBank,
  createWeChatPayBank,
  type VendorBank,
} from '../../support/vendor-callbacks';
import {
  accountOf,
  changed,
  eventsOf,
  moneyOf,
  NOW,
  onlyEvent,
  PAYMENT,
  refusal,
  secondsFrom,
  verify,
} from './support';

const BANKS: readonly [string, () => VendorBank][] = [
  ['alipay', createAlipayBank],
  ['wechat_pay', createWeChatPayBank],
  ['stripe', createStripeBank],
  ['adyen', createAdyenBank],
  ['standard_webhooks with HMAC', () => createStandardWebhooksBank('v1')],
  ['standard_webhooks with Ed25519', () => createStandardWebhooksBank('v1a')],
];

test('every provider of the registry has a vendor bank here', () => {
  expect([...channelRegistry.keys()].sort()).toEqual([...new Set(BANKS.map(([, create]) => create().provider))].sort());
});

describe.each(BANKS)('%s', (_name, create) => {
  const bank = create();
  const stranger = create();
  const adapter = channelRegistry.get(bank.provider)!;
  const signsTheTime = bank.provider !== 'alipay' && bank.provider !== 'adyen';
  const signsTheRawBody = signsTheTime;

  test('takes a genuine payment for money', () => {
    const event = onlyEvent(verify(bank, bank.paid(PAYMENT)));
    expect(event.verdict).toMatchObject({
      kind: 'payment_succeeded',
      providerReference: PAYMENT.providerReference,
      paymentReference: PAYMENT.paymentReference,
    });
    expect(moneyOf(verify(bank, bank.paid(PAYMENT)))).toBe('12.34 CNY');
  });

  test('gives a repeated event the same key, and other events others', () => {
    const keyOf = (callback: ReturnType<VendorBank['paid']>): string => onlyEvent(verify(bank, callback)).key;
    const paid = keyOf(bank.paid(PAYMENT));
    expect(keyOf(bank.paid({ ...PAYMENT, at: secondsFrom(NOW, 60) }))).toBe(paid);
    const others = [
      bank.paid({ ...PAYMENT, providerReference: 'another' }),
      bank.failed(PAYMENT),
      bank.refund(PAYMENT),
      bank.other(PAYMENT),
    ];
    expect(new Set([paid, ...others.map(keyOf)]).size).toBe(5);
  });

  test('tells failures and refunds from money, and does not guess at what it does not know', () => {
    expect(onlyEvent(verify(bank, bank.failed(PAYMENT))).verdict).toMatchObject({ kind: 'payment_failed' });
    expect(onlyEvent(verify(bank, bank.refund(PAYMENT))).verdict).toMatchObject({
      kind: 'refund',
      providerReference: PAYMENT.providerReference,
    });
    expect(onlyEvent(verify(bank, bank.other(PAYMENT))).verdict.kind).toBe('not_understood');
  });

  test.each([undefined, 'MERCHANT:1/2', 'x'.repeat(33), 'nul\u0000', '订单'])(
    'takes money with the strange reference %j for money all the same',
    (paymentReference) => {
      const payment = changed(PAYMENT, { paymentReference });
      expect(onlyEvent(verify(bank, bank.paid(payment))).verdict).toMatchObject({
        kind: 'payment_succeeded',
        paymentReference: undefined,
      });
    },
  );

  test.each(['0.00', '-1.00'])('does not understand a verified payment of %s', (amount) => {
    expect(onlyEvent(verify(bank, bank.paid({ ...PAYMENT, amount }))).verdict.kind).toBe('not_understood');
  });

  test.each(['nul\u0000', 'x'.repeat(129), ''])(
    'does not take a payment whose id %j cannot be kept',
    (providerReference) => {
      const event = onlyEvent(verify(bank, bank.paid({ ...PAYMENT, providerReference, eventId: 'evt1' })));
      expect(event.verdict.kind).toBe('not_understood');
      expect(event.key).toMatch(/^[\x20-\x7e]{1,200}$/);
    },
  );

  test('gives events with unstorable ids a storable key', () => {
    if (bank.provider === 'adyen') return; // The payment's own reference is in the key; see the test before.
    for (const eventId of ['a\u0000b', 'x'.repeat(250)]) {
      if (bank.provider === 'standard_webhooks' && eventId.includes('\u0000')) continue;
      expect(onlyEvent(verify(bank, bank.paid({ ...PAYMENT, eventId }))).key).toMatch(/^sha256:[0-9a-f]{64}$/);
    }
  });

  test('refuses a stranger’s signature, and a channel without keys', () => {
    expect(verify(bank, stranger.paid(PAYMENT))).toEqual(refusal('signature_wrong'));
    expect(verify(bank, bank.paid(PAYMENT), accountOf(bank, { keys: [] }))).toEqual(refusal('unknown_key'));
  });

  test('accepts the old and the new key while a key is rotated', () => {
    const both = accountOf(bank, { keys: [...accountOf(stranger).keys, ...accountOf(bank).keys] });
    expect(verify(bank, bank.paid(PAYMENT), both).kind).toBe('verified');
    expect(verify(bank, stranger.paid(PAYMENT), both).kind).toBe('verified');
    expect(verify(bank, bank.paid(PAYMENT), accountOf(stranger)).kind).toBe('refused');
  });

  test('refuses money for another account, and money of the other mode where the provider says it', () => {
    if (bank.provider === 'stripe') return; // Its events name an account only with Connect; see its own test.
    expect(verify(bank, bank.paid({ ...PAYMENT, account: 'another' }))).toEqual(refusal('other_receiving_account'));
  });

  test('compares the mode where the provider names it', () => {
    const names = !['alipay', 'wechat_pay'].includes(bank.provider);
    const ofLive = verify(bank, bank.paid({ ...PAYMENT, live: true }));
    const inLive = verify(bank, bank.paid(PAYMENT), accountOf(bank, { live: true }));
    if (names) {
      expect(ofLive).toEqual(refusal('other_mode'));
      expect(inLive).toEqual(refusal('other_mode'));
    }
    expect(verify(bank, bank.paid({ ...PAYMENT, live: true }), accountOf(bank, { live: true })).kind).toBe('verified');
  });

  test('keeps a window of five minutes in both directions, where the provider signs a time', () => {
    for (const seconds of [-300, -299, 299, 300]) {
      expect(verify(bank, bank.paid({ ...PAYMENT, at: secondsFrom(NOW, seconds) })).kind).toBe('verified');
    }
    for (const seconds of [-86_400, -301, 301, 86_400]) {
      const callback = bank.paid({ ...PAYMENT, at: secondsFrom(NOW, seconds) });
      if (signsTheTime) expect(verify(bank, callback)).toEqual(refusal('outside_time_window'));
      else expect(verify(bank, callback).kind).toBe('verified');
    }
  });

  test('any changed byte of the body is refused, or changes nothing that is said', () => {
    const callback = bank.paid(PAYMENT);
    const genuine = eventsOf(verify(bank, callback));
    const change = fc.tuple(fc.nat(callback.body.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const body = Buffer.from(callback.body);
        body[at] = (body[at] ?? 0) ^ mask;
        const result = verify(bank, { ...callback, body });
        if (result.kind === 'verified') {
          expect(signsTheRawBody).toBe(false);
          expect(result.events).toEqual(genuine);
        }
      }),
      { numRuns: 400 },
    );
  });

  test('any shortened, lengthened or emptied body is refused', () => {
    const callback = bank.paid(PAYMENT);
    for (const body of [
      callback.body.subarray(0, -1),
      Buffer.concat([callback.body, Buffer.from('&x=1')]),
      Buffer.alloc(0),
    ]) {
      expect(verify(bank, { ...callback, body }).kind).toBe('refused');
    }
  });

  test('any header of the signature that is missing or changed is refused', () => {
    const callback = bank.paid(PAYMENT);
    const signing = Object.keys(callback.headers).filter((name) => !/content-type|signature-type/.test(name));
    for (const name of signing) {
      const { [name]: value = '', ...others } = callback.headers;
      expect(verify(bank, { ...callback, headers: others }).kind).toBe('refused');
      expect(verify(bank, { ...callback, headers: { ...others, [name]: '' } }).kind).toBe('refused');
      fc.assert(
        fc.property(
          fc.nat(value.length - 1),
          fc.constantFrom('0', 'a', 'Z', '=', ',', '.', ' ', '/', '+', '\u00ff'),
          (at, character) => {
            fc.pre(value[at] !== character && value[at]?.toLowerCase() !== character.toLowerCase());
            const changed = value.slice(0, at) + character + value.slice(at + 1);
            expect(verify(bank, { ...callback, headers: { ...others, [name]: changed } }).kind).toBe('refused');
          },
        ),
        { numRuns: 150 },
      );
    }
  });

  test('garbage of any kind is refused and never throws', () => {
    const headers = fc.dictionary(
      fc.constantFrom(...Object.keys(bank.paid(PAYMENT).headers), 'stripe-signature'),
      fc.string(),
    );
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.json().map((text) => Buffer.from(text)),
      fc.webQueryParameters().map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(headers, body, (given, bytes) => {
        expect(verify(bank, { headers: given, body: bytes }).kind).toBe('refused');
      }),
      { numRuns: 300 },
    );
  });

  test('a huge or deep body takes no longer than its length', () => {
    const bodies = [
      '['.repeat(250_000),
      '{"a":'.repeat(50_000),
      '&'.repeat(250_000),
      '%25'.repeat(80_000),
      '"\\'.repeat(120_000),
    ];
    const began = process.cpuUsage();
    for (const body of bodies) {
      const callback = { headers: bank.paid(PAYMENT).headers, body: Buffer.from(body) };
      expect(verify(bank, callback).kind).toBe('refused');
    }
    // With the square of their length it would be minutes, of the processor and not of a machine that is busy with others.
    const { user, system } = process.cpuUsage(began);
    expect((user + system) / 1_000).toBeLessThan(1_000);
  });

  test('checks the operator’s keys and settings', () => {
    for (const key of bank.keys()) {
      expect(adapter.keyPurposes[key.purpose]).toBeDefined();
      expect(adapter.checkKey(key.purpose, key.secret)).toBeUndefined();
      for (const wrong of [
        '',
        'x',
        'whsec_',
        '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----',
        key.secret.slice(0, 20),
      ]) {
        expect(typeof adapter.checkKey(key.purpose, wrong)).toBe('string');
      }
    }
    expect(adapter.checkSettings({})).toBeUndefined();
    expect(adapter.checkSettings({ no_such_setting: 'x' })).toContain('no_such_setting');
    expect(adapter.checkSettings({ ['__proto__x']: 1 })).toBeDefined();
  });

  test('answers success with 2xx and everything else without', () => {
    expect(adapter.success().status).toBeLessThan(300);
    expect(adapter.tryAgain().status).toBe(503);
    expect(adapter.refused().status).toBe(401);
  });
});
