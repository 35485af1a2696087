import type { Tracer } from '@opentelemetry/api';
import type { GatherBounds } from '../../core/gather';
import type { Gid } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import type { Database, Tx } from '../transaction';
import type { LoggedTransaction, Plan } from './log-store';
import type { Participant } from './participant';

/** Returns what is to be done once the transaction has been committed, such as a hint to the queue. */
export type OnMoved<P extends Plan> = (
  tx: Tx<'orders'>,
  moved: readonly LoggedTransaction<P>[],
) => Promise<AfterCommit | undefined>;
export type AfterCommit = () => void;

/** What the business does in the very transaction of a move; it gets only what the compare-and-set returned. */
export interface TransactionHooks<P extends Plan> {
  readonly onDecided: OnMoved<P>;
  readonly onConfirmed: OnMoved<P>;
  readonly onCancelled: OnMoved<P>;
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
}
