import { type Rounding, divide, exponentOf, scaled, toMinor } from './minor-units';

/** What a merchant pays per payment, and what its customers earn, as they are sent to the operator API. */
export interface FeeTerms {
  readonly rate: string;
  readonly fixed: string;
  readonly minimum?: string;
  readonly maximum?: string;
  readonly rounding: Rounding;
}

export interface PointsTerms {
  readonly points_per_unit: string;
  readonly point_value: string;
}

/** The fee in minor units: the rounded share plus the fixed part, within minimum and maximum, never above the amount. */
export function feeOf(terms: FeeTerms, amount: bigint, currency: string): bigint {
  const share = divide(amount * scaled(terms.rate, 6), 1_000_000n, terms.rounding);
  const charged = share + toMinor(terms.fixed, currency);
  const minimum = toMinor(terms.minimum ?? '0', currency);
  const raised = charged < minimum ? minimum : charged;
  const maximum = terms.maximum === undefined ? raised : toMinor(terms.maximum, currency);
  const lowered = raised > maximum ? maximum : raised;
  return lowered > amount ? amount : lowered;
}

/** Whole points, and their worth in minor units, rounded half to even. */
export function pointsOf(
  terms: PointsTerms | undefined,
  amount: bigint,
  currency: string,
): { points: bigint; value: bigint } {
  if (terms === undefined) return { points: 0n, value: 0n };
  const unit = 10n ** BigInt(exponentOf(currency));
  const points = divide(amount * scaled(terms.points_per_unit, 4), 10_000n * unit, 'down');
  return { points, value: divide(points * scaled(terms.point_value, 4) * unit, 10_000n, 'half_even') };
}
