import type { Behaviour } from './world';

/** An order as a merchant remembers it. */
export interface KnownOrder {
  readonly merchant: string;
  readonly id: string;
}

export type FinalState = 'paid' | 'closed' | 'expired';

export interface MerchantCounts {
  /** Requests that came in. */
  readonly attempts: number;
  readonly taken: number;
  /** Requests that the merchants' servers failed on purpose, by what they did. */
  readonly failed: Readonly<Record<string, number>>;
  /** Orders that a merchant was told of and has believed. */
  readonly told: number;
}

export interface MerchantReport extends MerchantCounts {
  /** What the merchants were told, by order. */
  readonly states: Readonly<Record<string, FinalState>>;
  /** What came again after it had been taken. */
  readonly repeats: number;
  /** What no merchant should get, in sentences: a wrong signature, two ends of one order. */
  readonly wrong: readonly string[];
}

export type MerchantCalls = {
  /** Opens the merchants' servers. */
  readonly open: { readonly asks: undefined; readonly answers: { readonly url: string } };
  /** A merchant's secret of its endpoint, and how its server behaves. */
  readonly meet: {
    readonly asks: { readonly merchant: string; readonly secret: string; readonly behaviour: Behaviour };
    readonly answers: undefined;
  };
  readonly counts: { readonly asks: undefined; readonly answers: MerchantCounts };
  readonly report: { readonly asks: undefined; readonly answers: MerchantReport };
  /** Asks the query API for these orders, as each merchant with its own key; the state of each, by its id. */
  readonly ask: {
    readonly asks: {
      readonly url: string;
      readonly keys: Readonly<Record<string, string>>;
      readonly orders: readonly KnownOrder[];
    };
    readonly answers: Readonly<Record<string, string>>;
  };
};
