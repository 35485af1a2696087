import { Overloaded, Unavailable } from '../core/errors';
import type { ReceiptId } from '../core/ids';
import type { Claims, Failure } from '../consistency/claims';
import type { SettlePayment } from './settle-payment';

export interface WaitingReceipt {
  readonly id: ReceiptId;
  readonly attempts: number;
}

export interface RecoverReceiptsDependencies {
  readonly claims: Claims<'orders', WaitingReceipt>;
  readonly settlePayment: SettlePayment;
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
  const outcomes = await Promise.all(rows.map((row) => settleOne(deps.settlePayment, row)));
  const failures = outcomes.filter((outcome) => outcome !== undefined);
  if (failures.length > 0) await deps.claims.retryLater(token, failures);
  return rows.length;
}

/** A receipt that waits longer has been given its next time by the step itself; only a failure is put off here. */
async function settleOne(settlePayment: SettlePayment, row: WaitingReceipt): Promise<Failure | undefined> {
  try {
    await settlePayment.receipt(row.id);
    return undefined;
  } catch (error) {
    const outage = error instanceof Unavailable || error instanceof Overloaded;
    const reason = error instanceof Error ? error.message : String(error);
    return { key: row.id, attempts: outage ? Math.min(row.attempts, 3) : row.attempts, error: reason };
  }
}
