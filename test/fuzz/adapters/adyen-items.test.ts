import fc from 'fast-check';
import type { createAdyenBank, VendorCallback } from '../../support/vendor-callbacks';
import type { Json } from '../../support/world';
import { eventsOf, PAYMENT } from '../../unit/channels/support';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { SUBJECTS, verifyAs } from '../support/subjects';

/** Adyen signs eight fields of each item. Each of them counts, everything else of an item decides nothing. */
jest.setTimeout(PATIENCE_MS);

const subject = SUBJECTS.find((one) => one.name === 'adyen')!;
const bank = subject.bank as ReturnType<typeof createAdyenBank>;
const genuine = bank.several([
  { eventCode: 'AUTHORISATION', payment: PAYMENT },
  {
    eventCode: 'CAPTURE',
    payment: { ...PAYMENT, eventId: 'CAP1' },
    originalReference: PAYMENT.providerReference,
  },
]);
const said = verifyAs(subject, genuine);

const SIGNED = [
  ['pspReference'],
  ['originalReference'],
  ['merchantAccountCode'],
  ['merchantReference'],
  ['amount', 'value'],
  ['amount', 'currency'],
  ['eventCode'],
  ['success'],
  ['additionalData', 'hmacSignature'],
] as const;

/** The callback with another value at a path of one of its items; `undefined` takes the field away. */
function changed(index: number, path: readonly string[], value: unknown, original: VendorCallback = genuine): Buffer {
  const body = JSON.parse(original.body.toString());
  const item = body.notificationItems[index].NotificationRequestItem;
  const holder = path.slice(0, -1).reduce((at: Json, name) => at[name], item);
  holder[path.at(-1)!] = value;
  return Buffer.from(JSON.stringify(body));
}

const valueOf = (index: number, path: readonly string[]): unknown =>
  path.reduce(
    (at: Json, name) => at?.[name],
    JSON.parse(genuine.body.toString()).notificationItems[index].NotificationRequestItem,
  );
/** A text that is missing, null or empty is signed as nothing. */
const signedAs = (value: unknown): unknown => (value === undefined || value === null ? '' : value);

test.each(SIGNED.map((path) => [path.join('.'), path] as const))('any other %s is refused', (_name, path) => {
  const value = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(undefined, null, '', 0, -0, 1e21, '1234', 1234.5, true, 'true', ' true', 'TRUE', [], {}),
  );
  fc.assert(
    fc.property(fc.nat(1), value, (index, other) => {
      const body = changed(index, path, other);
      const result = verifyAs(subject, { ...genuine, body });
      if (signedAs(other) === signedAs(valueOf(index, path))) expect(result).toEqual(said);
      else expect(result.kind).toBe('refused');
    }),
    fuzz(300),
  );
});

test('nothing moves over a colon from one signed field into the next', () => {
  const names = SIGNED.slice(0, 4).map(([name]) => name);
  fc.assert(
    fc.property(fc.nat(1), fc.nat(2), fc.nat(60), (index, first, place) => {
      const [before, behind] = [names[first]!, names[first + 1]!];
      const text = `${String(signedAs(valueOf(index, [before])))}:${String(signedAs(valueOf(index, [behind])))}`;
      const cut = place % (text.length + 1);
      const once = changed(index, [before], text.slice(0, cut).replace(/:$/, ''));
      const body = changed(index, [behind], text.slice(cut).replace(/^:/, ''), { ...genuine, body: once });
      const result = verifyAs(subject, { ...genuine, body });
      if (result.kind === 'verified') expect(result).toEqual(said);
    }),
    fuzz(500),
  );
});

test('what is not signed changes nothing, whatever it holds', () => {
  const names = [
    'reason',
    'paymentMethod',
    'eventDate',
    'operations',
    '__proto__',
    'constructor',
    'toString',
    'Success',
  ];
  fc.assert(
    fc.property(fc.nat(1), fc.constantFrom(...names), fc.jsonValue(), (index, name, value) => {
      const body = JSON.parse(genuine.body.toString());
      Object.defineProperty(body.notificationItems[index].NotificationRequestItem, name, { value, enumerable: true });
      expect(verifyAs(subject, { ...genuine, body: Buffer.from(JSON.stringify(body)) })).toEqual(said);
    }),
    fuzz(300),
  );
});

test('half a surrogate pair does not stand for the replacement character that is signed in its place', () => {
  const replaced = { ...PAYMENT, providerReference: 'a\ufffdb', paymentReference: 'c\ufffd' };
  const callback = bank.paid(replaced);
  const kept = verifyAs(subject, callback);
  expect(eventsOf(kept)[0]!.verdict.kind).toBe('payment_succeeded');
  for (const half of ['\ud800', '\udfff']) {
    for (const path of ['pspReference', 'merchantReference']) {
      const value = path === 'pspReference' ? `a${half}b` : `c${half}`;
      expect(verifyAs(subject, { ...callback, body: changed(0, [path], value, callback) }).kind).toBe('refused');
    }
  }
});

test.each([true, false, 'TRUE', 'True', 'false', ' true', 1, null, undefined, ['false'], { false: 1 }])(
  'the mode %j, which is not signed, is refused where it is not the channel’s own word',
  (live) => {
    const body = { ...(JSON.parse(genuine.body.toString()) as object), live };
    const result = verifyAs(subject, { ...genuine, body: Buffer.from(JSON.stringify(body)) });
    expect(result.kind).toBe(live === 'false' ? 'verified' : 'refused');
  },
);

test('one item that is not genuine refuses those that are, wherever it stands', () => {
  const { notificationItems } = JSON.parse(genuine.body.toString());
  const foreign = JSON.parse((subject.stranger as typeof bank).paid(PAYMENT).body.toString());
  const rubbish = [null, 1, 'x', [], {}, { NotificationRequestItem: null }, { NotificationRequestItem: [] }];
  for (const item of [foreign.notificationItems[0], ...rubbish]) {
    for (let place = 0; place <= notificationItems.length; place += 1) {
      const items = notificationItems.toSpliced(place, 0, item);
      const body = Buffer.from(JSON.stringify({ live: 'false', notificationItems: items }));
      expect(verifyAs(subject, { ...genuine, body }).kind).toBe('refused');
    }
  }
});

test('an item that stands many times says the same event many times, and no other', () => {
  const { notificationItems } = JSON.parse(genuine.body.toString());
  const items = Array.from({ length: 200 }, () => notificationItems[0]);
  const body = Buffer.from(JSON.stringify({ live: 'false', notificationItems: items }));
  expect(new Set(eventsOf(verifyAs(subject, { ...genuine, body })).map((event) => event.key)).size).toBe(1);
});
