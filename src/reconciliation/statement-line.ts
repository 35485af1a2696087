/**
 * Terminology
 * - statement: what a channel says about a day: a file in some format. Reader: the code for one format, which proves the
 *   file and makes lines of it.
 * - line: one movement that a statement tells of, the same whatever the format.
 * - run: one statement on its way through here, or a look at the pools without one.
 * - leg: one comparison of lines with records of ours (payments; what takes a payment back). Pool: what one side has and the
 *   other has not yet, with the date by which it must have.
 */
/** Only `paid` is money that has arrived. `refunded` and `reversed` take it back, `failed` says that it never came. */
export const LINE_STATUSES = ['paid', 'failed', 'refunded', 'reversed'] as const;
export type LineStatus = (typeof LINE_STATUSES)[number];

export interface StatementLine {
  /** Its place in the file, as a person counts lines in an editor. */
  readonly number: number;
  readonly status: LineStatus;
  /** What it is, wherever it is met again: the provider's own id and the status, else what it says. */
  readonly identity: string;
  /** False where the provider gave it no id: two lines that say the same are then two lines. */
  readonly identified: boolean;
  readonly providerReference: string | null;
  /** Our payment reference, as the statement prints it. */
  readonly paymentReference: string | null;
  /** Above zero, a decimal string in major units. */
  readonly amount: string;
  readonly currency: string;
  /** What the channel keeps for itself, a decimal string; negative where it gives a fee back. */
  readonly fee: string | null;
  /** As PostgreSQL reads a time with its zone. */
  readonly occurredAt: string | null;
}

/** One thing that is wrong with a statement. */
export interface Reason {
  /** The line that shows it, where one does. */
  readonly line?: number;
  readonly reason: string;
}

/** A statement that cannot be trusted: it is quarantined whole, with these reasons. */
export class StatementRefused extends Error {
  constructor(readonly reasons: readonly Reason[]) {
    super(reasons.map(({ line, reason }) => (line === undefined ? reason : `line ${line}: ${reason}`)).join('; '));
    this.name = 'StatementRefused';
  }
}

/** What a caller knows of a statement from elsewhere, such as the bank's cover letter. */
export interface ExpectedTotals {
  readonly count?: number | undefined;
  /** What all `paid` lines add up to, by currency. */
  readonly amounts?: Readonly<Record<string, string>> | undefined;
}
