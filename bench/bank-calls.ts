/**
 * What the bench asks the process that plays the bank: first to sign its callbacks, so that what can be made before is made
 * before, then to call.
 */
export type BankQuestion =
  ({ readonly kind: 'sign' } & Callbacks) | { readonly kind: 'call'; readonly port: number; readonly callers: number };

export interface Callbacks {
  /** The path of the channel. */
  readonly path: string;
  readonly secret: string;
  readonly receivingAccount: string;
  readonly payments: readonly BankPayment[];
}

export interface BankPayment {
  /** Our payment reference. */
  readonly reference: string;
  readonly amount: string;
  readonly currency: string;
}

export interface BankAnswer {
  readonly acknowledged: number;
  /** Answers that said "try again"; each was repeated until it was acknowledged. */
  readonly tryAgain: number;
  readonly refused: number;
  /** Milliseconds from the first callback to the last acknowledgement. */
  readonly elapsedMs: number;
  /** Of the answers that acknowledged, in milliseconds. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
