import type { Money } from '../core/money';

/** A receipt as it is judged: money that has arrived. */
export interface JudgedReceipt {
  readonly id: string;
  readonly money: Money;
  readonly ageSeconds: number;
  /** Whether the event carried a reference of ours at all. */
  readonly hasReference: boolean;
}

/** The order that the receipt's reference names, within the merchants that the channel serves. */
export interface JudgedOrder {
  readonly id: string;
  readonly status: 'open' | 'paid' | 'closed' | 'expired';
  readonly money: Money;
  readonly claimedBy: string | null;
  /** Whether the order may be paid through the channel that the money came through. */
  readonly acceptsChannel: boolean;
}

export type SuspenseReason =
  | 'late_payment'
  | 'duplicate_payment'
  | 'amount_mismatch'
  | 'currency_mismatch'
  | 'channel_not_accepted'
  | 'unidentified_payment';

export type Judgement =
  | { readonly kind: 'pays' }
  | { readonly kind: 'suspense'; readonly reason: SuspenseReason }
  | { readonly kind: 'waits'; readonly for: 'order' | 'claim' };

/** For so long an unknown order may still appear: the callback can be faster than the commit of the order's own creation. */
export const UNKNOWN_ORDER_WAITS_SECONDS = 60;

/**
 * What a receipt meets. Verified money always lands: where it may not pay its order it goes to suspense, for a person.
 * `expires_at` alone never makes a receipt late; only the state `expired` does.
 */
export function judge(receipt: JudgedReceipt, order: JudgedOrder | undefined): Judgement {
  if (order === undefined) {
    const mayAppear = receipt.hasReference && receipt.ageSeconds < UNKNOWN_ORDER_WAITS_SECONDS;
    return mayAppear ? { kind: 'waits', for: 'order' } : { kind: 'suspense', reason: 'unidentified_payment' };
  }
  if (order.claimedBy !== null && order.claimedBy !== receipt.id) return { kind: 'waits', for: 'claim' };
  const reason = reasonForSuspense(receipt, order);
  return reason === undefined ? { kind: 'pays' } : { kind: 'suspense', reason };
}

function reasonForSuspense(receipt: JudgedReceipt, order: JudgedOrder): SuspenseReason | undefined {
  if (order.status === 'paid') return 'duplicate_payment';
  if (order.status === 'closed' || order.status === 'expired') return 'late_payment';
  if (order.money.currency !== receipt.money.currency) return 'currency_mismatch';
  if (!order.money.equals(receipt.money)) return 'amount_mismatch';
  return order.acceptsChannel ? undefined : 'channel_not_accepted';
}
