import { type SettlementPlan, legsHash, planPayment } from '../../src/callbacks/plan';
import { type Posting, drawUp } from '../../src/accounting/voucher';
import type { VoucherMessage } from '../../src/accounting/voucher-message';
import { canonicalJson, contentHash } from '../../src/core/canonical';
import type { MerchantId } from '../../src/core/ids';
import { Money } from '../../src/core/money';
import { feeOf } from '../../src/terms/fee-plan';
import { pointsOf } from '../../src/terms/points-rule';
import { FEE_PLAN, POINTS_RULE } from '../seed';

export const CURRENCY = 'EUR';
export const GROSS = ['4.90', '12.50', '19.00', '37.80', '64.25', '99.99', '149.00', '420.00'] as const;

/** What is the same for all payments of one amount, at one merchant, by one customer or none. */
export interface Terms {
  readonly amount: string;
  readonly fee: string;
  readonly net: string;
  /** Whole points; "0" where there is no customer. */
  readonly points: string;
  readonly pointsValue: string;
  readonly plan: SettlementPlan;
  readonly planJson: string;
  readonly legsHash: string;
  /** Of a Try on each branch. */
  readonly holdHashes: readonly string[];
  readonly message: Omit<VoucherMessage, 'receiptId' | 'orderId' | 'gid' | 'occurredAt'>;
  readonly description: string;
  readonly postings: readonly Posting[];
}

const NOBODY = '00000000-0000-0000-0000-000000000000';

/** As the service itself prices, plans and books such a payment, by its own functions. */
export function termsOf(merchantId: MerchantId, channel: string, amount: string, customer: string | null): Terms {
  const money = Money.parse(amount, CURRENCY);
  const fee = feeOf(FEE_PLAN, money);
  const { points, value: pointsValue } = pointsOf(customer === null ? undefined : POINTS_RULE, money);
  const plan = planPayment(
    { channel, money, refusals: [], facts: {} },
    { merchantId, customer, fee, splits: [], points, pointsValue },
  );
  const message = {
    kind: 'receipt_settled' as const,
    channel,
    currency: plan.currency,
    gross: plan.gross,
    credits: plan.credits.map((credit) => ({ ...credit })),
    pointsValue: plan.pointsValue,
    merchantId,
    legsHash: legsHash(plan),
  };
  const drawn = drawUp({
    ...message,
    receiptId: NOBODY,
    orderId: NOBODY,
    gid: NOBODY,
    occurredAt: '2026-01-01T00:00:00.000Z',
  });
  if (drawn.kind !== 'voucher') throw new Error(`the payment cannot be booked: ${drawn.reason}`);
  return {
    amount,
    fee: fee.toString(),
    net: plan.credits[0]?.amount ?? '',
    points,
    pointsValue: pointsValue.toString(),
    plan,
    planJson: canonicalJson(JSON.parse(JSON.stringify(plan))),
    legsHash: message.legsHash,
    holdHashes: plan.branches.map((branch) =>
      contentHash(branch.legs.map(({ account, direction, amount: part }) => ({ account, amount: part, direction }))),
    ),
    message,
    description: drawn.voucher.description,
    postings: drawn.voucher.postings,
  };
}
