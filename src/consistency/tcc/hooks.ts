import type { Tracer } from '@opentelemetry/api';
import type { GatherBounds } from '../../core/gather';
import type { Gid } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import type { Database, Tx } from '../transaction';
import type { MovedTransaction, Plan } from './log-store';
import type { Participant } from './participant';

/** What is about to be moved. */
export interface Moving<P extends Plan> {
  readonly gid: Gid;
  readonly plan: P;
  /** The trace of what the transaction is for. */
  readonly traceparent: Traceparent | null;
}

export function gidOf(one: Pick<Moving<Plan>, 'gid'>): Gid {
  return one.gid;
}

/**
 * What the business does in the very transaction of a move. Its first statements go out right behind the compare-and-set,
 * before that has answered: they name the transactions and take only those that are in the new status, which nobody else
 * can have brought there without doing the same.
 */
export type OnMove<P extends Plan> = (tx: Tx<'orders'>, moving: readonly Moving<P>[]) => Afterwards<P>;

export interface Afterwards<P extends Plan> {
  /** Goes on in the transaction with what the compare-and-set returned; where it is absent there is nothing more to do. */
  readonly inTransaction?: (moved: readonly Moved<P>[]) => Promise<void>;
  /** Once it is committed, such as a hint to the queue. */
  readonly committed?: (moved: readonly Moved<P>[]) => void;
  /** Where it is not committed, or nobody knows: what was taken for it is given back. */
  readonly failed?: () => void;
}

export type Moved<P extends Plan> = MovedTransaction & Moving<P>;

export interface TransactionHooks<P extends Plan> {
  readonly onDecided: OnMove<P>;
  readonly onConfirmed: OnMove<P>;
  readonly onCancelled: OnMove<P>;
  /** A participant's answer that can only be a bug: a Try with other content, or a phase two that cannot be done. */
  onBug(
    transaction: { readonly gid: Gid; readonly traceparent: Traceparent | null },
    kind: 'try_mismatch' | 'phase_two_impossible',
    facts: Record<string, string>,
  ): Promise<void>;
}

export interface CoordinatorDependencies<P extends Plan> {
  readonly db: Database<'orders'>;
  readonly participants: readonly Participant[];
  readonly hooks: TransactionHooks<P>;
  readonly tracer: Tracer;
  /** The longest list of a step and how many items may wait for it. */
  readonly lists: GatherBounds;
  /** How long a decided transaction's second phase waits for others, in milliseconds; nobody waits for it. Not at all without it. */
  readonly secondPhasePauseMs?: number | undefined;
}
