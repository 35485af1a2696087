import type { Logger } from 'pino';
import { systemClock } from '../core/clock';
import { Overloaded, Unavailable } from '../core/errors';
import { type ReceiptId, showId } from '../core/ids';
import { createLogLimiter } from '../core/log-limiter';
import { type Traceparent, traceFields } from '../core/traceparent';
import type { Claims, Failure } from '../consistency/claims';
import type { SettlePayment } from './settle-payment';

export interface WaitingReceipt {
  readonly id: ReceiptId;
  readonly attempts: number;
  readonly traceparent: Traceparent | null;
}

export interface RecoverReceiptsDependencies {
  readonly claims: Claims<'orders', WaitingReceipt>;
  readonly settlePayment: SettlePayment;
  /** Told of what is no outage; the row keeps the reason, too. */
  readonly onFailure: (row: WaitingReceipt, error: unknown) => void;
}

const PAGE = 200;
const LEASE_MS = 20_000;

/**
 * Settles receipts that wait: for an order that was not there yet, for another receipt to let go of the order, or for a
 * new attempt after a cancelled one. It goes on whether or not the bank calls again.
 * @returns how many receipts were claimed; a full page means that there may be more
 */
export async function recoverReceipts(deps: RecoverReceiptsDependencies): Promise<number> {
  const { token, rows } = await deps.claims.claim({ limit: PAGE, leaseMs: LEASE_MS });
  const outcomes = await Promise.all(rows.map((row) => settleOne(deps, row)));
  const failures = outcomes.filter((outcome) => outcome !== undefined);
  if (failures.length > 0) await deps.claims.retryLater(token, failures);
  return rows.length;
}

/** A receipt that waits longer has been given its next time by the step itself; only a failure is put off here. */
async function settleOne(
  { settlePayment, onFailure }: RecoverReceiptsDependencies,
  row: WaitingReceipt,
): Promise<Failure | undefined> {
  try {
    await settlePayment.receipt(row.id);
    return undefined;
  } catch (error) {
    const outage = error instanceof Unavailable || error instanceof Overloaded;
    if (!outage) onFailure(row, error);
    const reason = error instanceof Error ? error.message : String(error);
    return { key: row.id, attempts: outage ? Math.min(row.attempts, 3) : row.attempts, error: reason };
  }
}

/** So many lines a minute: an error that meets every receipt is one cause. */
const FAILURES_PER_MINUTE = 30;

export function createRecoveryLog(logger: Pick<Logger, 'warn'>): RecoverReceiptsDependencies['onFailure'] {
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: FAILURES_PER_MINUTE,
    onSuppressed: (what, suppressed) => {
      logger.warn({ event: 'payment.failures_suppressed', what, suppressed }, 'more receipts failed than are logged');
    },
  });
  return (row, error) => {
    if (!limiter.allows('recovery')) return;
    const facts = { event: 'payment.recovery_failed', err: error, receipt: showId('receipt', row.id) };
    logger.warn(
      { ...facts, attempts: row.attempts, ...traceFields(row.traceparent) },
      'a receipt could not be settled; it is tried again',
    );
  };
}
