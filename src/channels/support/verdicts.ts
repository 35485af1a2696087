import { type Currency, isCurrency } from '../../core/currencies';
import { Problem } from '../../core/errors';
import { Money } from '../../core/money';
import type { Acknowledgement, ChannelEvent, RefusalReason, Verdict, Verification } from '../channel';
import { paymentReferenceOf, providerReferenceOf } from './texts';

export function refused(reason: RefusalReason): Verification {
  return { kind: 'refused', reason };
}

export function verified(...events: readonly ChannelEvent[]): Verification {
  return { kind: 'verified', events };
}

export const NO_EFFECT: Verdict = { kind: 'no_effect' };

export function notUnderstood(why: string): Verdict {
  return { kind: 'not_understood', why };
}

export interface References {
  readonly provider: unknown;
  readonly payment: unknown;
}

/**
 * Money, if what the event says can be one: a payment id that can be kept, and an amount above zero that fits its currency.
 * Anything else was verified all the same, so a person sees it.
 */
export function arrived(references: References, amount: Money | undefined): Verdict {
  const providerReference = providerReferenceOf(references.provider);
  if (providerReference === undefined) return notUnderstood('the payment has no id that can be kept');
  if (amount === undefined) return notUnderstood('the amount or its currency is not one that can be credited');
  return {
    kind: 'payment_succeeded',
    providerReference,
    paymentReference: paymentReferenceOf(references.payment),
    amount,
  };
}

/** What is told of a payment without money arriving; a reference that cannot be kept is left out. */
export function about(kind: 'payment_failed' | 'refund' | 'dispute' | 'chargeback', references: References): Verdict {
  return {
    kind,
    providerReference: providerReferenceOf(references.provider),
    paymentReference: paymentReferenceOf(references.payment),
  };
}

/**
 * An amount above zero out of a provider's minor units.
 * @param value the JSON number of the event; beyond 2^53 JSON has lost digits, so that is no amount
 * @param decimalsOf the provider's own table, undefined where the provider does not say
 */
export function fromMinorUnits(
  value: unknown,
  currency: unknown,
  decimalsOf: (currency: Currency) => number | undefined,
): Money | undefined {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) return undefined;
  if (typeof currency !== 'string' || !isCurrency(currency)) return undefined;
  const decimals = decimalsOf(currency);
  if (decimals === undefined) return undefined;
  return ifValid(() => Money.fromMinorUnits(BigInt(value), currency, decimals));
}

/** An amount above zero out of a decimal string in major units. */
export function fromMajorUnits(value: unknown, currency: unknown): Money | undefined {
  if (typeof value !== 'string' || typeof currency !== 'string') return undefined;
  const amount = ifValid(() => Money.parse(value, currency));
  return amount?.isPositive() === true ? amount : undefined;
}

function ifValid(read: () => Money): Money | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Problem) return undefined;
    throw error;
  }
}

export function answer(status: number, contentType?: string, body = ''): Acknowledgement {
  return { status, contentType, body };
}
