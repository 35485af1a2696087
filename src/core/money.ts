import { Decimal } from 'decimal.js';
import { clip } from './clip';
import { type Currency, exponentOf, isCurrency } from './currencies';
import { Problem } from './errors';

/**
 * Terminology
 * - amount: a decimal number in major units (12.34 USD), never a JavaScript `number`.
 * - minor units: the same as a whole number (1234 cents); which exponent applies is the currency's, or the gateway's own.
 *
 * The database keeps numeric(24,4): 20 digits before the point and 4 behind it.
 */
export const Exact = Decimal.clone({ precision: 60, rounding: Decimal.ROUND_DOWN, toExpNeg: -60, toExpPos: 60 });
export type Exact = Decimal;

/**
 * No single amount has more than 15 digits before the point. A balance keeps 20, so that a hundred thousand of the largest
 * amounts fit one account: a Confirm that overflowed could never be done.
 */
export const LARGEST_AMOUNT = new Exact('999999999999999.9999');
const DECIMAL = /^-?(0|[1-9]\d{0,14})(\.\d{1,4})?$/;

/** How a fraction beyond the currency's exponent is taken away; the names are those of fee plans. */
export const ROUNDINGS = { half_up: 4, half_even: 6, up: 0, down: 1 } as const satisfies Record<
  string,
  Decimal.Rounding
>;
export type Rounding = keyof typeof ROUNDINGS;

/** An exact amount in one currency. Immutable; arithmetic of two currencies throws, because it is a bug. */
export class Money {
  readonly amount: Exact;

  private constructor(
    amount: Exact,
    readonly currency: Currency,
  ) {
    // decimal.js knows a negative zero, which would be shown as "-0.00".
    this.amount = amount.isZero() ? new Exact(0) : amount;
  }

  /**
   * Reads an amount in major units as a caller writes it.
   * @param text a plain decimal string: no exponent, no leading plus or zeros, at most the currency's own decimals
   * @throws Problem `unknown_currency`, `invalid_amount`
   */
  static parse(text: string, currency: string): Money {
    if (!isCurrency(currency)) throw new Problem('unknown_currency', `"${clip(currency, 8)}" is not a currency`);
    if (!DECIMAL.test(text)) {
      throw new Problem('invalid_amount', `an amount is a decimal string such as "12.34", not "${clip(text, 40)}"`);
    }
    const amount = new Exact(text);
    if (amount.decimalPlaces() > exponentOf(currency)) {
      throw new Problem('invalid_amount', `${currency} has ${exponentOf(currency)} decimals, "${text}" has more`);
    }
    return new Money(amount, currency);
  }

  /** Takes an amount that the database gave: always exact, perhaps with trailing zeros ("12.3400"). */
  static fromDatabase(text: string, currency: string): Money {
    if (!isCurrency(currency)) throw new Error(`the database holds an unknown currency ${currency}`);
    return new Money(new Exact(text), currency);
  }

  /**
   * Takes whole minor units (cents) under an exponent that the caller states, because gateways differ from ISO 4217.
   * @throws Problem `invalid_amount` where it is no whole number, is too large, or does not fit the currency
   */
  static fromMinorUnits(minor: string | bigint, currency: string, exponent: number): Money {
    const text = String(minor);
    if (!/^-?\d{1,24}$/.test(text)) throw new Problem('invalid_amount', 'minor units are a whole number');
    if (!isCurrency(currency)) throw new Problem('unknown_currency', `"${clip(currency, 8)}" is not a currency`);
    const amount = new Exact(text).div(new Exact(10).pow(exponent));
    if (amount.abs().gt(LARGEST_AMOUNT)) throw new Problem('invalid_amount', 'the amount is too large');
    if (amount.decimalPlaces() > 4) throw new Problem('invalid_amount', `${text} minor units do not fit ${currency}`);
    return new Money(amount, currency);
  }

  static zero(currency: Currency): Money {
    return new Money(new Exact(0), currency);
  }

  plus(other: Money): Money {
    return new Money(this.amount.plus(this.same(other)), this.currency);
  }

  minus(other: Money): Money {
    return new Money(this.amount.minus(this.same(other)), this.currency);
  }

  /** The product with a rate, rounded to the currency's exponent in the way that is named. */
  timesRounded(rate: Exact | string, rounding: Rounding): Money {
    const product = this.amount.times(rate).toDecimalPlaces(exponentOf(this.currency), ROUNDINGS[rounding]);
    return new Money(product, this.currency);
  }

  compare(other: Money): -1 | 0 | 1 {
    return this.amount.cmp(this.same(other)) as -1 | 0 | 1;
  }

  equals(other: Money): boolean {
    return this.currency === other.currency && this.amount.eq(other.amount);
  }

  isZero(): boolean {
    return this.amount.isZero();
  }

  isPositive(): boolean {
    return this.amount.gt(0);
  }

  /** The smaller of the two. */
  atMost(other: Money): Money {
    return this.compare(other) > 0 ? other : this;
  }

  /** The larger of the two. */
  atLeast(other: Money): Money {
    return this.compare(other) < 0 ? other : this;
  }

  /** The decimal string that API and database take, with at least the currency's own decimals: "12.30". */
  toString(): string {
    return this.amount.toFixed(Math.max(exponentOf(this.currency), this.amount.decimalPlaces()));
  }

  private same(other: Money): Exact {
    if (other.currency !== this.currency) throw new Error(`${this.currency} and ${other.currency} do not add up`);
    return other.amount;
  }
}

/** Shows a numeric of the database without the zeros that only its scale put there, but with the currency's decimals. */
export function displayAmount(text: string, currency: string): string {
  return Money.fromDatabase(text, currency).toString();
}
