/** What the bench asks the process that plays the merchants. */
export type MerchantQuestion =
  | { readonly kind: 'listen'; readonly secret: string }
  /** Answers when so many different notifications have arrived since the last `forget`, or after `withinMs`. */
  | { readonly kind: 'await'; readonly count: number; readonly withinMs: number }
  | { readonly kind: 'forget' };

export interface MerchantAnswer {
  readonly url: string;
  readonly distinct: number;
  readonly repeated: number;
  /** Signatures that were checked and wrong; one notification in a hundred is checked. */
  readonly forged: number;
}
