import fc from 'fast-check';
import { type createAlipayBank, type VendorCallback } from '../../support/vendor-callbacks';
import type { Verification } from '../../../src/channels/channel';
import { NOW, PAYMENT } from '../../unit/channels/support';
import { fuzz, PATIENCE_MS } from '../support/fuzzing';
import { respellForm } from '../support/spelling';
import { SUBJECTS, verifyAs } from '../support/subjects';

/**
 * Alipay signs `name=value&name=value` without escaping anything, so one signature fits every form that joins to the same
 * text: parameters melted into the one before, and texts within a value taken for parameters. Whoever holds a genuine
 * notification can make them all.
 */
jest.setTimeout(PATIENCE_MS);

const subject = SUBJECTS.find((one) => one.name === 'alipay')!;
const bank = subject.bank as ReturnType<typeof createAlipayBank>;
type Pairs = readonly (readonly [string, string])[];

const parametersOf = (callback: VendorCallback): Pairs =>
  [...new URLSearchParams(callback.body.toString())].map(([name, value]) => [
    name,
    Buffer.from(value).toString('latin1'),
  ]);
const isSigned = ([name]: readonly [string, string]): boolean => name !== 'sign' && name !== 'sign_type';

/** The parameters that verification or the verdict rest on. */
const READ = [
  'app_id',
  'gmt_refund',
  'notify_id',
  'notify_type',
  'out_biz_no',
  'out_trade_no',
  'refund_fee',
  'seller_id',
  'total_amount',
  'trade_no',
  'trade_status',
  'trans_currency',
];

const notification = (more: Record<string, string>): VendorCallback =>
  bank.send({
    app_id: PAYMENT.account,
    notify_id: 'n1',
    notify_time: '2026-11-21 10:00:00',
    out_trade_no: PAYMENT.paymentReference!,
    seller_id: '2088101106499364',
    total_amount: '12.34',
    trade_no: PAYMENT.providerReference,
    trade_status: 'TRADE_SUCCESS',
    ...more,
  });

const GENUINE: readonly VendorCallback[] = [
  bank.paid(PAYMENT),
  bank.refund(PAYMENT),
  bank.failed(PAYMENT),
  notification({ subject: 'two & two = four', passback_params: 'a=1&b=2', body: '&' }),
  notification({ passback_params: 'x&refund_fee=12.34' }),
  notification({ passback_params: 'x&a=1&gmt_refund=1', subject: 'x&total_amount=9999.00' }),
  notification({ gmt_payment: '2026-11-21', gmt_refund: '2026-11-22', refund_fee: '12.34', receipt_amount: '12.34' }),
];

/** Every reading of the signed text: at each `&` a new parameter or not, and at any `=` of it the end of the name. */
const reading = fc.tuple(fc.constantFrom(...GENUINE), fc.array(fc.nat(7), { maxLength: 60 })).map(([genuine, tape]) => {
  const pairs = parametersOf(genuine);
  const text = pairs
    .filter(isSigned)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&');
  let at = 0;
  const choose = (): number => tape[at++] ?? 0;
  const pieces = text.split('&').reduce<string[]>((all, piece) => {
    // Mostly it is read as it was meant.
    if (all.length > 0 && choose() === 1) return [...all.slice(0, -1), `${all.at(-1)!}&${piece}`];
    return [...all, piece];
  }, []);
  const read = pieces.map((piece): readonly [string, string] => {
    const places = [...piece.matchAll(/=/g)].map((match) => match.index);
    const equals = places[choose() === 2 ? choose() % Math.max(1, places.length) : 0];
    return equals === undefined ? [piece, ''] : [piece.slice(0, equals), piece.slice(equals + 1)];
  });
  return { genuine, read, body: respellForm([...read, ...pairs.filter((pair) => !isSigned(pair))], () => 0) };
});

test('one signature has one meaning: of all readings of its text those that are taken say the same', () => {
  const said = new Map<VendorCallback, Verification>();
  fc.assert(
    fc.property(reading, ({ genuine, body }) => {
      const result = verifyAs(subject, { ...genuine, body: Buffer.from(body) });
      if (result.kind === 'refused') return;
      if (!said.has(genuine)) said.set(genuine, result);
      expect(result).toEqual(said.get(genuine));
    }),
    fuzz(1_000),
  );
  for (const [genuine, result] of said) {
    // Where the genuine form itself is refused, because of what stands in a text of it, only the plain reading is taken.
    const own = verifyAs(subject, genuine);
    if (own.kind === 'verified') expect(result).toEqual(own);
  }
});

test('a refund whose refund melts into other parameters is no payment', () => {
  const genuine = GENUINE.at(-1)!;
  const melted = parametersOf(genuine)
    .filter(([name]) => name !== 'gmt_refund' && name !== 'refund_fee')
    .map(([name, value]): readonly [string, string] => {
      if (name === 'gmt_payment') return [name, `${value}&gmt_refund=2026-11-22`];
      return name === 'receipt_amount' ? [name, `${value}&refund_fee=12.34`] : [name, value];
    });
  expect(verifyAs(subject, genuine).kind).toBe('verified');
  expect(verifyAs(subject, { ...genuine, body: Buffer.from(respellForm(melted, () => 0)) })).toEqual({
    kind: 'refused',
    reason: 'malformed',
  });
});

test('an & that stands for nothing we read is a text like any other', () => {
  expect(verifyAs(subject, GENUINE[3]!)).toMatchObject({ events: [{ verdict: { kind: 'payment_succeeded' } }] });
});

test.each(READ)('another %s is refused, as is one that is missing or added', (name) => {
  for (const genuine of GENUINE.slice(0, 4)) {
    const pairs = parametersOf(genuine);
    const others = pairs.filter(([one]) => one !== name);
    const value = pairs.find(([one]) => one === name)?.[1];
    const forms: Pairs[] = [
      ...(value === undefined ? [[...pairs, [name, '1'] as const]] : [others]),
      ...['', '0', `${value ?? ''}0`, ` ${value ?? ''}`].map((changed): Pairs => [...others, [name, changed]]),
      [...others, [name.toUpperCase(), value ?? '']],
      [...pairs, [name, value ?? ''], [name, '1']],
    ];
    for (const form of forms) {
      const body = Buffer.from(respellForm(form, () => 0));
      expect(verifyAs(subject, { ...genuine, body }, undefined, NOW).kind).toBe('refused');
    }
  }
});

test.each([
  ['RSA', 'refused'],
  ['rsa2', 'refused'],
  ['RSA2 ', 'refused'],
  ['', 'refused'],
  ['SM2', 'refused'],
  ['none', 'refused'],
  [undefined, 'verified'],
])('sign_type %j, which is not signed: %s', (signType, kind) => {
  const [genuine] = GENUINE;
  const pairs = parametersOf(genuine!).filter(([name]) => name !== 'sign_type');
  const form = signType === undefined ? pairs : [...pairs, ['sign_type', signType] as const];
  const result = verifyAs(subject, { ...genuine!, body: Buffer.from(respellForm(form, () => 0)) });
  expect(result.kind).toBe(kind);
  if (kind === 'verified') expect(result).toEqual(verifyAs(subject, genuine!));
});
