import type { OrderId } from '../core/ids';

/**
 * What the bank gets as the order's number: the order's id in base 36, so unique over all merchants, as hard to guess as
 * the 62 random bits of the id, and 25 lower-case letters and digits, which fits the narrowest gateway (WeChat Pay takes 32
 * characters) and survives one that folds the case.
 */
export function paymentReferenceOf(id: OrderId): string {
  return BigInt(`0x${id.replaceAll('-', '')}`)
    .toString(36)
    .padStart(25, '0');
}
