import { Money, type Rounding } from '../core/money';

/** What a merchant pays per payment, in one currency. Amounts are decimal strings in that currency. */
export interface FeePlan {
  /** The share of the amount, from 0 to 1. */
  readonly rate: string;
  readonly fixed: string;
  readonly minimum: string | null;
  readonly maximum: string | null;
  /** How the share is rounded to the currency's decimals. */
  readonly rounding: Rounding;
}

/**
 * The fee of a payment: the rounded share plus the fixed part, not below the minimum, not above the maximum, and never
 * more than the amount itself. Without a plan there is no fee.
 * @param amount what the customer pays
 */
export function feeOf(plan: FeePlan | undefined, amount: Money): Money {
  if (plan === undefined) return Money.zero(amount.currency);
  const inCurrency = (text: string): Money => Money.fromDatabase(text, amount.currency);
  const charged = amount.timesRounded(plan.rate, plan.rounding).plus(inCurrency(plan.fixed));
  const raised = plan.minimum === null ? charged : charged.atLeast(inCurrency(plan.minimum));
  const lowered = plan.maximum === null ? raised : raised.atMost(inCurrency(plan.maximum));
  return lowered.atMost(amount);
}
