import type { PlannedOrder } from './plan';

/** What has become of an order, as whoever set it in motion must expect it. */
export interface Story {
  readonly order: PlannedOrder;
  /** The service's id of the order. */
  readonly id: string;
  readonly status: 'open' | 'paid' | 'closed' | 'expired';
  readonly effects: readonly Effect[];
}

export type Effect =
  /** The order is paid; what refused its part has none. */
  | { readonly kind: 'paid'; readonly refused?: 'account' | 'payee' | 'points' }
  /** Money that nobody may have yet. */
  | { readonly kind: 'suspense'; readonly incident: string; readonly currency: string; readonly minor: bigint }
  | { readonly kind: 'incident'; readonly incident: string };

/** Money that names no order of anybody. */
export interface Stray {
  readonly currency: string;
  readonly minor: bigint;
  /** Without any reference it goes to suspense at once; with one, the order may still appear for a minute. */
  readonly named: boolean;
}
