import { Money } from '../../../src/core/money';
import { type JudgedOrder, type JudgedReceipt, judge } from '../../../src/callbacks/judge';

const usd = (amount: string): Money => Money.parse(amount, 'USD');
const receipt = (changes: Partial<JudgedReceipt> = {}): JudgedReceipt => ({
  id: 'r1',
  money: usd('10.00'),
  ageSeconds: 0,
  hasReference: true,
  ...changes,
});
const order = (changes: Partial<JudgedOrder> = {}): JudgedOrder => ({
  id: 'o1',
  status: 'open',
  money: usd('10.00'),
  claimedBy: null,
  acceptsChannel: true,
  ...changes,
});

describe('what a receipt may meet', () => {
  it('pays an open order that it fits', () => {
    expect(judge(receipt(), order())).toEqual({ kind: 'pays' });
    expect(judge(receipt(), order({ claimedBy: 'r1' }))).toEqual({ kind: 'pays' });
  });

  it.each([
    ['closed', 'late_payment'],
    ['expired', 'late_payment'],
    ['paid', 'duplicate_payment'],
  ] as const)('goes to suspense when the order is %s', (status, reason) => {
    expect(judge(receipt(), order({ status }))).toEqual({ kind: 'suspense', reason });
  });

  it('goes to suspense with the wrong amount, and names a wrong currency before it', () => {
    expect(judge(receipt({ money: usd('9.99') }), order())).toEqual({ kind: 'suspense', reason: 'amount_mismatch' });
    const euros = Money.parse('10.00', 'EUR');
    expect(judge(receipt({ money: euros }), order())).toEqual({ kind: 'suspense', reason: 'currency_mismatch' });
  });

  it('goes to suspense when the order does not take this channel', () => {
    expect(judge(receipt(), order({ acceptsChannel: false }))).toEqual({
      kind: 'suspense',
      reason: 'channel_not_accepted',
    });
  });

  it('waits while another receipt has claimed the order, whatever state the order is in', () => {
    for (const status of ['open', 'paid', 'closed'] as const) {
      expect(judge(receipt(), order({ status, claimedBy: 'r2' }))).toEqual({ kind: 'waits', for: 'claim' });
    }
  });

  it('waits a minute for an order that may still appear, and no longer', () => {
    expect(judge(receipt({ ageSeconds: 59.9 }), undefined)).toEqual({ kind: 'waits', for: 'order' });
    const unidentified = { kind: 'suspense', reason: 'unidentified_payment' };
    expect(judge(receipt({ ageSeconds: 60 }), undefined)).toEqual(unidentified);
    expect(judge(receipt({ hasReference: false }), undefined)).toEqual(unidentified);
  });
});
