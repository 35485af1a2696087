import { adyen } from '../../../src/channels/adyen';
import { createAdyenBank } from '../../support/vendor-callbacks';
import { accountOf, eventsOf, moneyOf, onlyEvent, PAYMENT, refusal, verify } from './support';

const bank = createAdyenBank();

type Body = { live: unknown; notificationItems: { NotificationRequestItem: Record<string, unknown> }[] };

/** Changes a genuine callback after it was signed. */
function changed(change: (body: Body) => void, genuine = bank.paid(PAYMENT)): ReturnType<typeof verify> {
  const body = JSON.parse(genuine.body.toString()) as Body;
  change(body);
  return verify(bank, { ...genuine, body: Buffer.from(JSON.stringify(body)) });
}

test.each([
  ['12.34', 'EUR', '12.34 EUR'],
  ['1234', 'JPY', '1234 JPY'],
  ['12.34', 'CLP', '12.34 CLP'],
  ['12.00', 'CLP', '12 CLP'],
  ['1234', 'CVE', '1234.00 CVE'],
  ['1234', 'IDR', '1234.00 IDR'],
  ['1234.00', 'ISK', '1234 ISK'],
  ['12.345', 'KWD', '12.345 KWD'],
])('%s %s is %s', (amount, currency, money) => {
  expect(moneyOf(verify(bank, bank.paid({ ...PAYMENT, amount, currency })))).toBe(money);
});

test('every item of a callback is judged for itself', () => {
  const callback = bank.several([
    { eventCode: 'AUTHORISATION', payment: { ...PAYMENT, providerReference: 'P1' } },
    { eventCode: 'AUTHORISATION', success: false, payment: { ...PAYMENT, providerReference: 'P2' } },
    { eventCode: 'REFUND', payment: { ...PAYMENT, providerReference: 'P3' }, originalReference: 'P1' },
    { eventCode: 'NEW', payment: { ...PAYMENT, providerReference: 'P4' } },
  ]);
  const events = eventsOf(verify(bank, callback));
  expect(events.map((event) => event.verdict.kind)).toEqual([
    'payment_succeeded',
    'payment_failed',
    'refund',
    'not_understood',
  ]);
  expect(events.map((event) => event.key)).toEqual([
    'P1:AUTHORISATION:true',
    'P2:AUTHORISATION:false',
    'P3:REFUND:true',
    'P4:NEW:true',
  ]);
});

test('one badly signed item, or one of another account, refuses the whole callback', () => {
  const two = bank.several([
    { eventCode: 'AUTHORISATION', payment: PAYMENT },
    { eventCode: 'AUTHORISATION', payment: { ...PAYMENT, providerReference: 'P2' } },
  ]);
  const second = (body: Body): Record<string, unknown> => body.notificationItems[1]!.NotificationRequestItem;
  expect(changed((body) => (second(body)['amount'] = { value: 999_999, currency: 'CNY' }), two)).toEqual(
    refusal('signature_wrong'),
  );
  expect(changed((body) => (second(body)['additionalData'] = {}), two)).toEqual(refusal('signature_missing'));
  const mixed = bank.several([
    { eventCode: 'AUTHORISATION', payment: PAYMENT },
    { eventCode: 'AUTHORISATION', payment: { ...PAYMENT, account: 'another' } },
  ]);
  expect(verify(bank, mixed)).toEqual(refusal('other_receiving_account'));
});

test('what is not signed decides nothing', () => {
  const unsigned = changed((body) => {
    Object.assign(body.notificationItems[0]!.NotificationRequestItem, { reason: 'x', eventDate: 'y', operations: [] });
  });
  expect(unsigned).toEqual(verify(bank, bank.paid(PAYMENT)));
});

test('no field can be moved over a colon into its neighbour, and no type can be changed', () => {
  const item = (body: Body): Record<string, unknown> => body.notificationItems[0]!.NotificationRequestItem;
  expect(
    changed((body) => {
      Object.assign(item(body), { pspReference: `${PAYMENT.providerReference}:`, originalReference: undefined });
      Object.assign(item(body), { merchantAccountCode: PAYMENT.account });
    }),
  ).toEqual(refusal('malformed'));
  expect(changed((body) => (item(body)['success'] = true))).toEqual(refusal('malformed'));
  expect(changed((body) => (item(body)['amount'] = { value: '1234', currency: 'CNY' }))).toEqual(refusal('malformed'));
  expect(changed((body) => (item(body)['pspReference'] = [PAYMENT.providerReference]))).toEqual(refusal('malformed'));
});

test('a reference with colons is signed like any other', () => {
  const event = onlyEvent(verify(bank, bank.paid({ ...PAYMENT, paymentReference: 'a:b:c' })));
  expect(event.verdict).toMatchObject({ kind: 'payment_succeeded', paymentReference: undefined });
});

test('the money event can be the capture, and each capture of a payment is money of its own', () => {
  const byCapture = accountOf(bank, { settings: { money_event: 'CAPTURE' } });
  const capture = bank.several([
    { eventCode: 'CAPTURE', payment: { ...PAYMENT, providerReference: 'C1' }, originalReference: 'P1' },
  ]);
  expect(onlyEvent(verify(bank, capture, byCapture)).verdict).toMatchObject({
    kind: 'payment_succeeded',
    providerReference: 'C1',
  });
  expect(onlyEvent(verify(bank, capture)).verdict.kind).toBe('no_effect');
  expect(onlyEvent(verify(bank, bank.paid(PAYMENT), byCapture)).verdict.kind).toBe('no_effect');
  expect(onlyEvent(verify(bank, bank.failed(PAYMENT), byCapture)).verdict.kind).toBe('payment_failed');
});

test.each([
  ['CHARGEBACK', 'chargeback'],
  ['SECOND_CHARGEBACK', 'chargeback'],
  ['NOTIFICATION_OF_CHARGEBACK', 'dispute'],
  ['REQUEST_FOR_INFORMATION', 'dispute'],
  ['CANCEL_OR_REFUND', 'refund'],
  ['REFUND_FAILED', 'refund'],
  ['CAPTURE_FAILED', 'payment_failed'],
  ['CANCELLATION', 'payment_failed'],
  ['REPORT_AVAILABLE', 'no_effect'],
  ['PENDING', 'no_effect'],
])('%s is %s', (eventCode, kind) => {
  const callback = bank.several([{ eventCode, payment: { ...PAYMENT, eventId: 'E1' }, originalReference: 'P1' }]);
  const { verdict } = onlyEvent(verify(bank, callback));
  expect(verdict.kind).toBe(kind);
  if (kind !== 'no_effect') expect(verdict).toMatchObject({ providerReference: 'P1' });
});

test.each([[[]], [undefined], ['x'], [[null]], [[{}]], [[{ NotificationRequestItem: [] }]]])(
  'a callback without items is malformed: %j',
  (notificationItems) => {
    const body = Buffer.from(JSON.stringify({ live: 'false', notificationItems }));
    expect(verify(bank, { headers: {}, body })).toEqual(refusal('malformed'));
  },
);

test('success is the body [accepted]', () => {
  expect(adyen.success()).toEqual({ status: 200, contentType: 'text/plain', body: '[accepted]' });
});
