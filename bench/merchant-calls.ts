/** What the bench asks the process that plays the merchants. */
export type MerchantQuestion =
  | { readonly kind: 'listen'; readonly secret: string }
  /** Answers when so many different notifications have arrived since the last `forget`, or after `withinMs`. */
  | { readonly kind: 'await'; readonly count: number; readonly withinMs: number }
  | { readonly kind: 'forget' }
  /** What has arrived since the last `forget`. */
  | { readonly kind: 'arrivals' };

export interface MerchantAnswers {
  readonly listen: { readonly url: string };
  readonly await: Told;
  readonly forget: object;
  readonly arrivals: Arrivals;
}

export interface Told {
  readonly distinct: number;
  readonly repeated: number;
  /** Signatures that were checked and wrong; one notification in a hundred is checked. */
  readonly forged: number;
}

/** Of each notification that was answered with 204, the first time that it arrived. */
export interface Arrivals {
  /** Milliseconds since 1970. */
  readonly at: readonly number[];
  /** Milliseconds since the `timestamp` of its payload, which is when the payment was decided. */
  readonly delayMs: readonly number[];
  /** How often a sick endpoint was called. */
  readonly sick: number;
}

/** The first part of a path says how its endpoint is; whatever else stands in it is for the bench. */
export const ENDPOINTS = {
  /** Answers 204 at once. */
  healthy: '/healthy',
  /** Takes the request and never answers. */
  hanging: '/hanging',
  /** Answers 500. */
  failing: '/failing',
} as const;
