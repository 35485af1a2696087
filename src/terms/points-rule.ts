import { Problem } from '../core/errors';
import { LARGEST_AMOUNT, Money } from '../core/money';

/** What a customer earns per payment, in one currency. */
export interface PointsRule {
  /** Points for one unit of the currency, as a decimal string. */
  readonly pointsPerUnit: string;
  /** What one point is worth in the currency; zero where points carry no value. */
  readonly pointValue: string;
}

export interface Points {
  /** Whole points, as a decimal string. */
  readonly points: string;
  /** Their worth in the currency of the payment. */
  readonly value: Money;
}

/**
 * The points that a payment earns: whole ones only, the rest is not carried over; their worth is rounded half to even,
 * because it is posted in the books, where many small roundings must not lean to one side.
 * @throws Problem `invalid_amount` where the points are more than can be kept
 */
export function pointsOf(rule: PointsRule | undefined, amount: Money): Points {
  if (rule === undefined) return { points: '0', value: Money.zero(amount.currency) };
  const points = amount.amount.times(rule.pointsPerUnit).floor();
  const value = Money.fromDatabase(rule.pointValue, amount.currency).timesRounded(points, 'half_even');
  if (points.gt(LARGEST_AMOUNT) || value.amount.gt(LARGEST_AMOUNT)) {
    throw new Problem('invalid_amount', 'the amount earns more points than can be counted');
  }
  return { points: points.toFixed(), value };
}
