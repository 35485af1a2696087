import type { BankEvent, ChannelKey, Payment } from './signing';
import type { WrittenStatement } from './statement';

/**
 * Terminology
 * - delivery: one thing that the bank (or a forger) sends, in one or more copies at once, until it has the answer it wants.
 */

/** What a delivery is, for the account of what was thrown at the service. */
export const SORTS = {
  payment: 'payments, said once',
  repeat: 'the same again, after the acknowledgement',
  parallel: 'copies of one callback at the same instant',
  failure: 'failures, before or after the success',
  noise: 'events that are no news about money',
  second: 'payments of an order that is paid, through another channel',
  late: 'payments of closed or expired orders',
  amount: 'payments of a wrong amount or currency',
  elsewhere: 'payments through a channel that the order does not take',
  unknown: 'payments that belong to no order',
  changed: 'the same payment with another amount',
  refund: 'refunds, and words that no gateway uses',
  forged: 'forgeries: a stranger’s key, altered, unsigned, a probe',
  replayed: 'replays from outside the time window',
  misdirected: 'genuine, but for another account or in test mode',
  oversized: 'bodies of 300 KB',
} as const;
export type Sort = keyof typeof SORTS;

/** `stranger`: signed with other keys. `altered`: changed after signing. `probe`: WeChat Pay's test whether we check at all. */
export type Forgery = 'stranger' | 'altered' | 'unsigned' | 'probe' | 'oversized';

export interface Delivery {
  readonly channel: string;
  readonly sort: Sort;
  readonly events: readonly BankEvent[];
  readonly copies?: number;
  readonly forgery?: Forgery;
  /** How far from now it was signed, in seconds; negative for the past. */
  readonly signedAt?: number;
  /**
   * - `acknowledged`: repeated until the service takes it. `refused`: 401. `too_large`: 413.
   * - `not_yet`: the service asks to be told again; repeated for as long as the demo runs.
   */
  readonly expects: 'acknowledged' | 'refused' | 'too_large' | 'not_yet';
}

/** Money that the bank has sent, by its own books. */
export interface BankTotal {
  readonly channel: string;
  readonly currency: string;
  readonly payments: number;
  readonly minor: bigint;
}

export interface BankCounts {
  readonly requests: number;
  readonly acknowledged: number;
  readonly refused: number;
  readonly tryAgain: number;
  readonly unreachable: number;
  /** Deliveries that wait for the answer they want. */
  readonly open: number;
}

export interface BankBooks {
  readonly counts: BankCounts;
  readonly sent: Readonly<Partial<Record<Sort, number>>>;
  /** What was acknowledged, each payment once, however often it was sent. */
  readonly acknowledged: readonly BankTotal[];
  /** What the service has not taken yet. */
  readonly waiting: readonly BankTotal[];
  /** Answers that a bank should not get, in sentences. */
  readonly wrongAnswers: readonly string[];
}

export type BankCalls = {
  /** Opens the bank: its keys for each channel. */
  readonly open: { readonly asks: undefined; readonly answers: Readonly<Record<string, readonly ChannelKey[]>> };
  /** Where to send callbacks. */
  readonly call: { readonly asks: { readonly url: string }; readonly answers: undefined };
  /** Resolves when every copy has the answer it wants, or will never have it. */
  readonly deliver: { readonly asks: Delivery; readonly answers: undefined };
  /** A payment whose callback is lost on its way: the bank has the money and believes that it has told us. */
  readonly lose: {
    readonly asks: { readonly channel: string; readonly payment: Payment };
    readonly answers: undefined;
  };
  /** What the bank writes of a channel, today and tomorrow. */
  readonly statements: {
    readonly asks: { readonly channel: string };
    readonly answers: { readonly today: WrittenStatement; readonly tomorrow: WrittenStatement };
  };
  readonly counts: { readonly asks: undefined; readonly answers: BankCounts };
  readonly books: { readonly asks: undefined; readonly answers: BankBooks };
};
