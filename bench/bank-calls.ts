/**
 * What the bench asks the process that plays the bank: first to sign its callbacks, so that what can be made before is made
 * before, then to call.
 */
export type BankQuestion = ({ readonly kind: 'sign' } & Callbacks) | ClosedLoop | OpenLoop;

export interface BankAnswers {
  readonly sign: Signed;
  readonly call: Called;
  readonly offer: Offered;
}

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

export interface Signed {
  readonly callbacks: number;
}

/** So many callers, each with the next callback as soon as it has an answer; what is not acknowledged is repeated until it is. */
export interface ClosedLoop {
  readonly kind: 'call';
  /** The callers go round the ports. */
  readonly ports: readonly number[];
  readonly callers: number;
}

export interface Called {
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

/** Callbacks at a constant rate, whether or not those before have been answered; nothing is repeated meanwhile. */
export interface OpenLoop {
  readonly kind: 'offer';
  readonly ports: readonly number[];
  /** One after the other, without a pause. */
  readonly phases: readonly Phase[];
  /** The most connections; each carries one callback at a time, and a new one is opened where none is free. */
  readonly connections: number;
}

export interface Phase {
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Offered {
  /** When the first callback was due, in milliseconds since 1970. */
  readonly startedAt: number;
  /** Of each callback in the order of the phases: when it was due after the start, in milliseconds. */
  readonly dueMs: readonly number[];
  /** How long after it was due it was answered, in milliseconds: a bank that falls behind does not make the service look fast. */
  readonly tookMs: readonly number[];
  readonly outcomes: readonly Outcome[];
  /** Which callbacks were not acknowledged; the next `call` makes them. */
  readonly left: number;
}

/**
 * `acknowledged`: 2xx. `put_off`: 503 with Retry-After, `put_off_silently`: 503 or 429 without. `refused`: any other
 * answer. `dropped`: the connection was closed without one.
 */
export type Outcome = 'acknowledged' | 'put_off' | 'put_off_silently' | 'refused' | 'dropped';
