import { Away, assertNever } from '../../core/errors';
import type { Traceparent } from '../../core/traceparent';
import type { Claims, Failure } from '../claims';
import type { Coordinator } from './coordinator';
import type { LoggedTransaction, Plan } from './log-store';

/** A claimed transaction, with the trace of what it is for. */
export type DueTransaction<P extends Plan> = LoggedTransaction<P> & { readonly traceparent: Traceparent | null };

export interface RecoveryDependencies<P extends Plan> {
  readonly claims: Claims<'orders', DueTransaction<P>>;
  readonly coordinator: Coordinator<P>;
  /** Told of a transaction whose second phase has failed this often, so that a person may look at it. */
  readonly onStuck: (transaction: DueTransaction<P>, error: string) => Promise<void>;
  readonly stuckAfterAttempts: number;
}

const PAGE = 200;
const LEASE_MS = 20_000;

/**
 * Drives every global transaction to its end: what is `trying` past its deadline is cancelled, what is decided or
 * abandoned gets its second phase again, with capped exponential backoff, for ever. Any number of processes may run it.
 * What meets a participant that is away has been put aside by the coordinator and is no failure.
 * @returns how many transactions were claimed; a full page means that there may be more
 */
export async function recoverTransactions<P extends Plan>(deps: RecoveryDependencies<P>): Promise<number> {
  const { token, rows } = await deps.claims.claim({ limit: PAGE, leaseMs: LEASE_MS });
  const outcomes = await Promise.all(rows.map((row) => endOne(deps, row)));
  const failures = outcomes.filter((outcome) => typeof outcome === 'object');
  if (failures.length > 0) await deps.claims.retryLater(token, failures);
  // Another process may reach what this one does not: it must find some of the work.
  return outcomes.includes('put aside') ? 0 : rows.length;
}

type Ended = 'ended' | 'put aside' | Failure;

async function endOne<P extends Plan>(deps: RecoveryDependencies<P>, transaction: DueTransaction<P>): Promise<Ended> {
  try {
    switch (transaction.status) {
      case 'trying':
        await deps.coordinator.cancelAll(transaction);
        break;
      case 'cancelling':
        await deps.coordinator.finishCancel(transaction);
        break;
      case 'confirming':
        await deps.coordinator.confirmAll(transaction);
        break;
      case 'confirmed':
      case 'cancelled':
        break;
      default:
        assertNever(transaction.status);
    }
    return 'ended';
  } catch (error) {
    if (error instanceof Away) return 'put aside';
    const reason = error instanceof Error ? error.message : String(error);
    if (transaction.attempts >= deps.stuckAfterAttempts) await deps.onStuck(transaction, reason);
    return { key: transaction.gid, attempts: transaction.attempts, error: reason };
  }
}
