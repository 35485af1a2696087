import fc from 'fast-check';
import type { VendorCallback } from '../../support/vendor-callbacks';
import { accountOf, NOW, PAYMENT, refusal, secondsFrom } from '../../unit/channels/support';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { type Subject, SUBJECTS, verifyAs } from '../support/subjects';

/** Genuine callbacks under other headers, another time, another channel: refused, or provably the same. */
jest.setTimeout(PATIENCE_MS);

const withHeaders = SUBJECTS.filter((subject) => subject.headers.length > 0);

/** What may be done to any header that a signature needs. Only a list of signatures may hold others besides. */
const FORGERIES: readonly (readonly [string, (value: string) => string | undefined])[] = [
  ['missing', () => undefined],
  ['empty', () => ''],
  ['a space', () => ' '],
  ['one character less', (value) => value.slice(0, -1)],
  ['without its first character', (value) => value.slice(1)],
  ['one character more', (value) => `${value}0`],
  ['with a NUL', (value) => `${value}\u0000`],
  ['of another value before it', (value) => `0, ${value}`],
  [
    'in full-width characters',
    (value) => value.replace(/[!-~]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0)),
  ],
  ['after itself', (value) => value + value],
];

describe.each(withHeaders.map((subject) => [subject.name, subject] as const))('%s', (_name, subject) => {
  const genuine = subject.bank.paid(PAYMENT);
  const said = verifyAs(subject, genuine);
  const verifyWith = (name: string, value: string | undefined) =>
    verifyAs(subject, { ...genuine, headers: { ...genuine.headers, [name]: value } });

  test.each(subject.headers.flatMap((name) => FORGERIES.map(([what, change]) => [name, what, change] as const)))(
    '%s: %s',
    (name, _what, change) => {
      const value = change(genuine.headers[name]!);
      const result = verifyWith(name, value);
      if (value !== undefined && isHarmless(genuine, name, value)) expect(result).toEqual(said);
      else expect(result.kind).toBe('refused');
    },
  );

  test('any other text in any of them is refused, or says exactly the same', () => {
    const change = fc.tuple(fc.nat(1_000), fc.nat(3), fc.string({ unit: 'binary-ascii', maxLength: 3 }));
    fc.assert(
      fc.property(
        fc.constantFrom(...subject.headers),
        fc.array(change, { minLength: 1, maxLength: 2 }),
        (name, changes) => {
          const value = changes.reduce((text, [place, length, added]) => {
            const at = place % (text.length + 1);
            return text.slice(0, at) + added + text.slice(at + length);
          }, genuine.headers[name]!);
          fc.pre(value !== genuine.headers[name]);
          const result = verifyWith(name, value);
          if (result.kind === 'verified') expect([isHarmless(genuine, name, value), result]).toEqual([true, said]);
        },
      ),
      fuzz(1_500),
    );
  });

  test('the signature of any other time is refused, and that of a replay outside the window', () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000, max: 100_000 }), (seconds) => {
        const at = secondsFrom(NOW, seconds);
        const other = subject.bank.paid({ ...PAYMENT, at });
        const inside = Math.abs(seconds) <= 300;
        expect(verifyAs(subject, other)).toEqual(
          inside ? expect.objectContaining({ kind: 'verified' }) : refusal('outside_time_window'),
        );
        // The headers of one and the body of the other, wherever either of them says a time.
        const mixed = { headers: other.headers, body: Buffer.concat([genuine.body, Buffer.from(' ')]) };
        expect(verifyAs(subject, mixed).kind).toBe('refused');
      }),
      fuzz(200),
    );
  });
});

/** The one freedom that each header has, and that nothing signed depends on. */
function isHarmless({ headers }: VendorCallback, name: string, value: string): boolean {
  const genuine = headers[name]!;
  switch (name) {
    // A name of a key, compared without regard to case.
    case 'wechatpay-serial':
      return value.toLowerCase() === genuine.toLowerCase();
    // Any one of several signatures may fit; what else stands in the list does not count.
    case 'webhook-signature':
      return value.split(' ').slice(0, 16).includes(genuine);
    case 'stripe-signature': {
      const parts = value.split(',').map((part) => part.trim());
      const times = parts.filter((part) => part.startsWith('t='));
      return times.length === 1 && genuine.split(',').every((part) => parts.includes(part));
    }
    default:
      return false;
  }
}

const only = (name: string): Subject => SUBJECTS.find((subject) => subject.name === name)!;

describe('another algorithm, key or spelling', () => {
  const stripe = only('stripe');
  const hmac = only('standard_webhooks with HMAC');
  const ed25519 = only('standard_webhooks with Ed25519');
  const wechat = only('wechat_pay');
  const genuineOf = new Map(SUBJECTS.map((subject) => [subject, subject.bank.paid(PAYMENT)]));
  const of = (subject: Subject) => {
    const genuine = genuineOf.get(subject)!;
    return (changes: Record<string, string>) =>
      verifyAs(subject, { ...genuine, headers: { ...genuine.headers, ...changes } }).kind;
  };
  const stripeHeader = genuineOf.get(stripe)!.headers['stripe-signature']!;
  const [time, v1] = stripeHeader.split(',') as [string, string];
  const hmacValue = genuineOf.get(hmac)!.headers['webhook-signature']!;
  const edValue = genuineOf.get(ed25519)!.headers['webhook-signature']!;
  const wechatValue = genuineOf.get(wechat)!.headers['wechatpay-signature']!;

  test.each([
    ['the signature under the test scheme v0', `${time},${v1.replace('v1', 'v0')}`, 'refused'],
    ['hexadecimal in capitals', `${time},v1=${v1.slice(3).toUpperCase()}`, 'refused'],
    ['base64 instead of hexadecimal', `${time},v1=${Buffer.from(v1.slice(3), 'hex').toString('base64')}`, 'refused'],
    ['the time twice', `${time},${time},${v1}`, 'refused'],
    ['a later time besides', `${time},t=9999999999,${v1}`, 'refused'],
    ['the header twice, as Node joins it', `${stripeHeader}, ${stripeHeader}`, 'refused'],
    ['a time with a sign', `t=+${time.slice(2)},${v1}`, 'refused'],
    ['a time with a zero before it', `t=0${time.slice(2)},${v1}`, 'refused'],
    ['a time with a fraction', `${time}.0,${v1}`, 'refused'],
    ['a time with an exponent', `${time}e0,${v1}`, 'refused'],
    ['the other order, with spaces', ` ${v1} , ${time} `, 'verified'],
    ['a wrong signature before the right one', `${time},v1=${'0'.repeat(64)},${v1}`, 'verified'],
    ['an unknown scheme besides', `${time},v9=x,${v1}`, 'verified'],
  ])('Stripe: %s', (_what, header, kind) => {
    expect(of(stripe)({ 'stripe-signature': header })).toBe(kind);
  });

  test.each([
    ['an HMAC under the name of Ed25519', hmac, hmacValue.replace('v1,', 'v1a,'), 'refused'],
    ['Ed25519 under the name of an HMAC', ed25519, edValue.replace('v1a,', 'v1,'), 'refused'],
    ['without the name of a scheme', hmac, hmacValue.slice(3), 'refused'],
    ['in base64url', hmac, `${hmacValue} `.replaceAll('+', '-').replaceAll('/', '_').replace('= ', ''), 'refused'],
    ['without padding', hmac, hmacValue.replace(/=+$/, ''), 'refused'],
    ['Ed25519 without padding', ed25519, edValue.replace(/=+$/, ''), 'refused'],
    ['behind sixteen others', hmac, `${'v1,x '.repeat(16)}${hmacValue}`, 'refused'],
    ['behind fifteen others', hmac, `${'v1,x '.repeat(15)}${hmacValue}`, 'verified'],
    ['twice', hmac, `${hmacValue} ${hmacValue}`, 'verified'],
  ])('Standard Webhooks: %s', (_what, subject, value, kind) => {
    expect(of(subject)({ 'webhook-signature': value })).toBe(kind);
  });

  test('Standard Webhooks: nothing moves over the dots between id, time and body', () => {
    const genuine = hmac.bank.paid(PAYMENT);
    const [id, at] = [genuine.headers['webhook-id']!, genuine.headers['webhook-timestamp']!];
    const moved = [
      { 'webhook-id': `${id}.${at}`, 'webhook-timestamp': genuine.body.toString() },
      { 'webhook-id': id.slice(0, -1), 'webhook-timestamp': id.slice(-1) + at },
      { 'webhook-id': `${id}.`, 'webhook-timestamp': at },
    ];
    for (const changes of moved) expect(of(hmac)(changes)).toBe('refused');
  });

  test('Ed25519: another spelling of the same signature, its S raised by the order of the group, is refused', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const signature = Buffer.from(edValue.slice(4), 'base64');
    let raised = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + order;
    const s = Buffer.alloc(32);
    for (let at = 0; at < 32; at += 1, raised >>= 8n) s[at] = Number(raised & 255n);
    const other = Buffer.concat([signature.subarray(0, 32), s]).toString('base64');
    expect(of(ed25519)({ 'webhook-signature': `v1a,${other}` })).toBe('refused');
  });

  test.each([
    ['a probe of WeChat Pay', `WECHATPAY/SIGNTEST/${wechatValue}`, 'refused'],
    ['in base64url', wechatValue.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, ''), 'refused'],
    ['with a line break', `${wechatValue.slice(0, 76)}\n${wechatValue.slice(76)}`, 'refused'],
    ['twice, as Node joins it', `${wechatValue}, ${wechatValue}`, 'refused'],
    [
      'with a zero byte before it',
      Buffer.concat([Buffer.alloc(1), Buffer.from(wechatValue, 'base64')]).toString('base64'),
      'refused',
    ],
    ['all zeros', Buffer.alloc(256).toString('base64'), 'refused'],
    ['the number one', Buffer.concat([Buffer.alloc(255), Buffer.from([1])]).toString('base64'), 'refused'],
    ['as it is', wechatValue, 'verified'],
  ])('WeChat Pay: %s', (_what, value, kind) => {
    expect(of(wechat)({ 'wechatpay-signature': value })).toBe(kind);
  });

  test('WeChat Pay: the name of another key, of none, and of an algorithm that is not read', () => {
    const strangers = accountOf(wechat.stranger);
    const both = accountOf(wechat.bank, { keys: [...strangers.keys, ...accountOf(wechat.bank).keys] });
    expect(verifyAs(wechat, wechat.bank.paid(PAYMENT), strangers).kind).toBe('refused');
    expect(verifyAs(wechat, wechat.bank.paid(PAYMENT), both).kind).toBe('verified');
    expect(of(wechat)({ 'wechatpay-serial': 'PUB_KEY_ID_0' })).toBe('refused');
    expect(of(wechat)({ 'wechatpay-signature-type': 'WECHATPAY2-SM2-WITH-SM3' })).toBe('verified');
  });
});

describe('another channel', () => {
  const pairs = SUBJECTS.flatMap((from) => SUBJECTS.filter((to) => to !== from).map((to) => [from, to] as const));

  test.each(pairs.map(([from, to]) => [from.name, to.name, from, to] as const))(
    'what %s has signed is nothing to %s',
    (_from, _to, from, to) => {
      expect(verifyAs(to, from.bank.paid(PAYMENT)).kind).toBe('refused');
      // Even with the keys of the one entered for the other.
      if (from.bank.provider === to.bank.provider) return;
      expect(verifyAs(to, from.bank.paid(PAYMENT), accountOf(from.bank)).kind).toBe('refused');
    },
  );

  test.each(SUBJECTS.map((subject) => [subject.name, subject] as const))(
    'money of any other account or mode is refused by %s, where the vendor names them',
    (_name, subject) => {
      const namesAccount = subject.bank.provider !== 'stripe';
      const namesMode = !['alipay', 'wechat_pay'].includes(subject.bank.provider);
      fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }), fc.boolean(), (account, live) => {
          const other = verifyAs(
            subject,
            subject.bank.paid(PAYMENT),
            accountOf(subject.bank, { receivingAccount: account }),
          );
          fc.pre(account !== PAYMENT.account && !account.startsWith('acct_'));
          if (namesAccount) expect(other).toEqual(refusal('other_receiving_account'));
          const mode = verifyAs(
            subject,
            subject.bank.paid({ ...PAYMENT, live }),
            accountOf(subject.bank, { live: !live }),
          );
          if (namesMode) expect(mode).toEqual(refusal('other_mode'));
        }),
        fuzz(50),
      );
    },
  );
});
