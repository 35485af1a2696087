import { showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import type { FeePlanView, PointsRuleView } from './terms-schemas';
import type { FeePlanRow, PointsRuleRow } from './terms-store';

export function showFeePlan(row: FeePlanRow): FeePlanView {
  const show = (amount: string | null): string | null => (amount === null ? null : displayAmount(amount, row.currency));
  return {
    id: showId('feePlan', row.id),
    merchant: showId('merchant', row.merchant_id),
    currency: row.currency,
    rate: new Exact(row.rate).toFixed(),
    fixed: displayAmount(row.fixed, row.currency),
    minimum: show(row.minimum),
    maximum: show(row.maximum),
    rounding: row.rounding,
    created_at: row.created_at.toISOString(),
  };
}

export function showPointsRule(row: PointsRuleRow): PointsRuleView {
  return {
    id: showId('pointsRule', row.id),
    merchant: showId('merchant', row.merchant_id),
    currency: row.currency,
    points_per_unit: new Exact(row.points_per_unit).toFixed(),
    point_value: new Exact(row.point_value).toFixed(),
    created_at: row.created_at.toISOString(),
  };
}
