/**
 * Money in whole minor units, as BigInt, by the demo's own arithmetic: what the service must come to is computed here without
 * a line of the service's code.
 */
const EXPONENTS: Readonly<Record<string, number>> = { JPY: 0, ISK: 0, EUR: 2, USD: 2, CNY: 2, KWD: 3 };

export function exponentOf(currency: string): number {
  const exponent = EXPONENTS[currency];
  if (exponent === undefined) throw new Error(`the demo does not know ${currency}`);
  return exponent;
}

/** "12.30" as 1230n under two decimals. More decimals than that are fine as long as they are zeros. */
export function scaled(text: string, decimals: number): bigint {
  const [, sign = '', whole = '0', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? [];
  if (/[1-9]/.test(fraction.slice(decimals))) throw new Error(`${text} has more than ${decimals} decimals`);
  const value = BigInt(whole + fraction.slice(0, decimals).padEnd(decimals, '0'));
  return sign === '-' ? -value : value;
}

export function toMinor(text: string, currency: string): bigint {
  return scaled(text, exponentOf(currency));
}

/** 1230n of EUR as "12.30". */
export function fromMinor(minor: bigint, currency: string): string {
  const decimals = exponentOf(currency);
  const digits = String(minor < 0n ? -minor : minor).padStart(decimals + 1, '0');
  const text = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
  return minor < 0n ? `-${text}` : text;
}

export type Rounding = 'half_up' | 'half_even' | 'up' | 'down';

/** The quotient of two amounts that are not negative, as a whole number. */
export function divide(dividend: bigint, divisor: bigint, rounding: Rounding): bigint {
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  switch (rounding) {
    case 'down':
      return quotient;
    case 'up':
      return rest > 0n ? quotient + 1n : quotient;
    case 'half_up':
      return rest * 2n >= divisor ? quotient + 1n : quotient;
    case 'half_even':
      if (rest * 2n === divisor) return quotient % 2n === 0n ? quotient : quotient + 1n;
      return rest * 2n > divisor ? quotient + 1n : quotient;
  }
}

/** Adds to a sum that is kept by name. */
export function add(sums: Map<string, bigint>, name: string, amount: bigint): void {
  sums.set(name, (sums.get(name) ?? 0n) + amount);
}
