import fc from 'fast-check';
import { systemClock } from '../../../src/core/clock';
import { createIds } from '../../../src/core/ids';
import { drawUp, hashOfContent, imbalanceOf } from '../../../src/accounting/voucher';
import { type VoucherMessage, voucherMessage } from '../../../src/accounting/voucher-message';

const ids = createIds(systemClock);
const merchantId = ids.next();

function settled(changes: Partial<VoucherMessage> = {}): VoucherMessage {
  return {
    kind: 'receipt_settled',
    receiptId: ids.next(),
    orderId: ids.next(),
    gid: ids.next(),
    channel: 'cards',
    currency: 'USD',
    gross: '100.00',
    credits: [
      { to: 'merchant', party: merchantId, amount: '91.00' },
      { to: 'fees', party: '', amount: '4.00' },
      { to: 'payee', party: 'payee/1', amount: '5.00' },
    ],
    pointsValue: '1.50',
    merchantId,
    legsHash: 'a'.repeat(64),
    occurredAt: '2026-11-21T01:02:03.5Z',
    ...changes,
  };
}

function postingsOf(message: VoucherMessage) {
  const drawn = drawUp(message);
  if (drawn.kind !== 'voucher') throw new Error(drawn.reason);
  return drawn.voucher.postings.map(({ account, party, debit, credit }) => [account, party, debit, credit]);
}

describe('a voucher', () => {
  it('says what a settled receipt means in debits and credits', () => {
    expect(postingsOf(settled())).toEqual([
      ['1100', 'cards', '100.0000', '0.0000'],
      ['2100', merchantId, '0.0000', '91.0000'],
      ['4100', '', '0.0000', '4.0000'],
      ['2200', 'payee/1', '0.0000', '5.0000'],
      ['5100', merchantId, '1.5000', '0.0000'],
      ['2300', merchantId, '0.0000', '1.5000'],
    ]);
  });

  it('has one line for suspense whoever it waits for, and none for a zero', () => {
    const message = settled({
      credits: [
        { to: 'suspense', party: 'somebody', amount: '60.00' },
        { to: 'merchant', party: merchantId, amount: '0.00' },
        { to: 'suspense', party: '', amount: '40.00' },
      ],
      pointsValue: null,
    });
    expect(postingsOf(message)).toEqual([
      ['1100', 'cards', '100.0000', '0.0000'],
      ['2900', '', '0.0000', '100.0000'],
    ]);
  });

  it('is not drawn up where the credits are not the gross', () => {
    expect(drawUp(settled({ gross: '100.01', pointsValue: null }))).toEqual({
      kind: 'unbalanced',
      reason: 'debits of 100.01 and credits of 100 USD differ',
    });
    expect(drawUp(settled({ gross: '0', credits: [], pointsValue: null })).kind).toBe('unbalanced');
  });

  it('balances for any amounts, however large, and its hash does not depend on how they are written', () => {
    const cents = fc.bigInt({ min: 0n, max: 10n ** 22n });
    fc.assert(
      fc.property(fc.array(cents, { minLength: 1, maxLength: 6 }), cents, (parts, points) => {
        const text = (minor: bigint): string => `${minor / 100n}.${String(minor % 100n).padStart(2, '0')}`;
        const gross = parts.reduce((sum, part) => sum + part, 0n);
        fc.pre(gross > 0n && gross < 10n ** 22n);
        const message = settled({
          gross: text(gross),
          credits: parts.map((part, index) => ({ to: 'payee', party: `payee/${index}`, amount: text(part) })),
          pointsValue: text(points),
        });
        const drawn = drawUp(message);
        if (drawn.kind !== 'voucher') throw new Error(drawn.reason);
        expect(imbalanceOf(drawn.voucher.postings)).toBeUndefined();
        const longer = drawUp({ ...message, gross: `${message.gross}00` });
        if (longer.kind !== 'voucher') throw new Error(longer.reason);
        const { description } = drawn.voucher;
        expect(hashOfContent({ ...longer.voucher, description })).toBe(hashOfContent(drawn.voucher));
      }),
    );
  });

  it.each([
    ['an amount with an exponent', { gross: '1e2' }],
    ['a negative amount', { gross: '-1.00' }],
    ['a time in another zone', { occurredAt: '2026-11-21T01:02:03+08:00' }],
    ['nanoseconds, which the database would cut off', { occurredAt: '2026-11-21T01:02:03.123456789Z' }],
    ['an id that is none', { receiptId: 'rcp_1' }],
    ['a field that is not known', { more: 1 }],
  ])('is refused as a message: %s', (_, changes) => {
    expect(voucherMessage.safeParse({ ...settled(), ...changes }).success).toBe(false);
    expect(voucherMessage.safeParse(settled()).success).toBe(true);
  });
});
