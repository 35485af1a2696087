import fc from 'fast-check';
import { Exact, Money, ROUNDINGS, type Rounding } from '../../../src/core/money';
import { type FeePlan, feeOf } from '../../../src/terms/fee-plan';
import { pointsOf } from '../../../src/terms/points-rule';

const plan = (more: Partial<FeePlan> = {}): FeePlan => ({
  rate: '0.029000',
  fixed: '0.3000',
  minimum: null,
  maximum: null,
  rounding: 'half_up',
  ...more,
});
const fee = (amount: string, currency: string, more: Partial<FeePlan> = {}): string =>
  feeOf(plan(more), Money.parse(amount, currency)).toString();

describe('a fee', () => {
  it('is the rounded share plus the fixed part', () => {
    expect(fee('100.00', 'USD')).toBe('3.20');
    expect(fee('99.99', 'USD')).toBe('3.20');
    expect(fee('1000', 'JPY', { fixed: '0' })).toBe('29');
    expect(fee('1.234', 'KWD', { fixed: '0.001' })).toBe('0.037');
  });

  it.each<[Rounding, string]>([
    ['half_up', '0.03'],
    ['half_even', '0.02'],
    ['up', '0.03'],
    ['down', '0.02'],
  ])('of 0.025 rounded %s is %s', (rounding, expected) => {
    expect(fee('2.50', 'USD', { rate: '0.01', fixed: '0', rounding })).toBe(expected);
  });

  it('stays between its bounds and within the amount', () => {
    expect(fee('1.00', 'USD', { minimum: '0.5000' })).toBe('0.50');
    expect(fee('1000.00', 'USD', { maximum: '10.0000' })).toBe('10.00');
    expect(fee('0.20', 'USD', { minimum: '0.5000' })).toBe('0.20');
    expect(fee('0.10', 'USD')).toBe('0.10');
  });

  it('is nothing without a plan', () => {
    expect(feeOf(undefined, Money.parse('5', 'USD')).toString()).toBe('0.00');
  });

  it('is never below zero, never above the amount, and always fits the currency', () => {
    const cents = fc.bigInt({ min: 1n, max: 10n ** 16n });
    const part = fc.option(fc.bigInt({ min: 0n, max: 10n ** 6n }), { nil: null });
    const rate = fc.integer({ min: 0, max: 1_000_000 });
    const rounding = fc.constantFrom(...(Object.keys(ROUNDINGS) as Rounding[]));
    fc.assert(
      fc.property(cents, rate, part, part, part, rounding, (amount, share, fixed, low, more, how) => {
        const text = (value: bigint | null): string => new Exact(String(value ?? 0)).div(100).toFixed();
        const gross = Money.fromMinorUnits(amount, 'USD', 2);
        const charged = feeOf(
          {
            rate: new Exact(share).div(1_000_000).toFixed(),
            fixed: text(fixed),
            minimum: low === null ? null : text(low),
            maximum: more === null ? null : text((low ?? 0n) + more),
            rounding: how,
          },
          gross,
        );
        expect(charged.amount.isNegative()).toBe(false);
        expect(charged.compare(gross)).not.toBe(1);
        expect(charged.amount.decimalPlaces()).toBeLessThanOrEqual(2);
      }),
    );
  });
});

describe('points', () => {
  const points = (amount: string, pointsPerUnit: string, pointValue = '0'): [string, string] => {
    const earned = pointsOf({ pointsPerUnit, pointValue }, Money.parse(amount, 'USD'));
    return [earned.points, earned.value.toString()];
  };

  it('are whole, and what is less than one is not given', () => {
    expect(points('99.99', '1.0000')).toEqual(['99', '0.00']);
    expect(points('0.99', '1')).toEqual(['0', '0.00']);
    expect(points('10.00', '0.05')).toEqual(['0', '0.00']);
  });

  it('are worth their value, rounded half to even', () => {
    expect(points('1', '1', '0.0250')[1]).toBe('0.02');
    expect(points('3', '1', '0.0250')[1]).toBe('0.08');
    expect(points('100', '1.5', '0.01')).toEqual(['150', '1.50']);
  });

  it('are none without a rule, and an error beyond what can be counted', () => {
    expect(pointsOf(undefined, Money.parse('5', 'JPY'))).toMatchObject({ points: '0' });
    expect(() => points('999999999999999.99', '2')).toThrow(/invalid_amount/);
    expect(() => points('999999999999999.99', '1', '2')).toThrow(/invalid_amount/);
  });
});
