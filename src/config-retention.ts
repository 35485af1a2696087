import { StartRefused } from './database/start-refused';

/** How many days what has ended is kept, by kind; 0 is for ever. */
export interface RetentionConfig {
  /** Transactions, with the messages that asked for their vouchers. */
  readonly transactions: number;
  /** Holds of transactions that were cleaned. */
  readonly holds: number;
  /** Attempts to notify. */
  readonly attempts: number;
  /** Raw bodies of callbacks. */
  readonly bodies: number;
}

/** The variables' own defaults say the same; tests that build a configuration by hand start from here. */
export const RETENTION_DEFAULTS: RetentionConfig = { transactions: 90, holds: 180, attempts: 90, bodies: 400 };

/**
 * Banks and gateways repeat a callback for up to 30 days. What it meets is still there, and the deadline of a transaction
 * and the last try of a notification are far behind.
 */
const LEAST_DAYS = 35;
/** A hold is what a Try, Confirm or Cancel meets that comes late: it outlives its transaction by so many days. */
const LONGER_THAN_TRANSACTIONS = 30;

/** What a person is told of a number of days that is wrong. */
export const DAYS = `a whole number of days from ${LEAST_DAYS} to 36500, or 0 for ever`;

export function isRetention(days: number): boolean {
  return days === 0 || (days >= LEAST_DAYS && days <= 36_500);
}

/** @throws StartRefused where holds would be cleaned before whoever comes late cannot come any more */
export function checkedRetention(retention: RetentionConfig): RetentionConfig {
  const { transactions, holds } = retention;
  const least = transactions + LONGER_THAN_TRANSACTIONS;
  if (holds === 0 || holds >= least) return retention;
  throw new StartRefused(
    `RETENTION_HOLDS_DAYS is "${holds}"; expected at least ${least}, which is ${LONGER_THAN_TRANSACTIONS} more than RETENTION_TRANSACTIONS_DAYS, or 0 for ever`,
  );
}
