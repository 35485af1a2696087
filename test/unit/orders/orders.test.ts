import { systemClock } from '../../../src/core/clock';
import { type AccountId, type MerchantId, type OrderId, createIds } from '../../../src/core/ids';
import { newOrder } from '../../../src/orders/new-order';
import type { OrderRow } from '../../../src/orders/orders-store';
import { paymentReferenceOf } from '../../../src/orders/payment-reference';
import { showOrder } from '../../../src/orders/show-order';

const ids = createIds(systemClock);

describe('a payment reference', () => {
  it('is unique, at most 32 letters and digits, and of one length', () => {
    const references = Array.from({ length: 10_000 }, () => paymentReferenceOf(ids.next()));
    expect(new Set(references).size).toBe(references.length);
    for (const reference of references) expect(reference).toMatch(/^[0-9a-z]{25}$/);
  });

  it('holds the whole id', () => {
    expect(paymentReferenceOf('ffffffff-ffff-ffff-ffff-ffffffffffff' as OrderId)).toHaveLength(25);
    expect(paymentReferenceOf('00000000-0000-0000-0000-000000000000' as OrderId)).toBe('0'.repeat(25));
  });
});

describe('a new order', () => {
  const body = { merchant_order_no: '1', amount: '10.00', currency: 'USD' };
  const merchant = ids.next<'merchant'>();
  const account = 'a' as AccountId;

  it('without what may be left out has none of it', () => {
    expect(newOrder(merchant, body, undefined)).toMatchObject({
      channels: null,
      customer: null,
      expiresAt: null,
      metadata: {},
      splits: [],
      idempotencyKey: null,
    });
  });

  it('names each account once and gives each something', () => {
    const split = (...amounts: string[]) => ({ ...body, splits: amounts.map((amount) => ({ account, amount })) });
    expect(newOrder(merchant, split('1'), 'k').splits).toHaveLength(1);
    expect(() => newOrder(merchant, split('1', '1'), 'k')).toThrow(/invalid_request/);
    expect(() => newOrder(merchant, split('0.00'), 'k')).toThrow(/invalid_amount/);
    expect(() => newOrder(merchant, { ...body, amount: '0' }, 'k')).toThrow(/invalid_amount/);
  });
});

it('is shown with what remains, and never with who claims it', () => {
  const at = new Date('2026-11-21T00:00:00Z');
  const row = {
    id: ids.next<'order'>(),
    merchant_id: ids.next<'merchant'>() as MerchantId,
    merchant_order_no: '1',
    payment_reference: 'r',
    amount: '10.0000',
    currency: 'KWD',
    fee: '0.1250',
    splits: [{ account: 'payee/a', account_id: ids.next<'account'>(), amount: '1' }],
    splits_total: '1.0000',
    channels: null,
    customer: 'anna',
    points: '12.0000',
    description: null,
    metadata: {},
    status: 'open',
    expires_at: null,
    created_at: at,
    paid_at: null,
    ended_at: null,
    claimed_by: ids.next(),
  } satisfies OrderRow & Record<string, unknown>;
  const shown = showOrder(row);
  expect(shown).toMatchObject({
    amount: '10.000',
    fee: '0.125',
    net: '8.875',
    points: '12',
    splits: [{ amount: '1.000' }],
  });
  expect(JSON.stringify(shown)).not.toContain(row.claimed_by);
});
