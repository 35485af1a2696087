import { Unavailable } from '../../core/errors';
import { type Gatherer, gather } from '../../core/gather';
import type { Gid } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import { inListSpan } from '../../core/tracing';
import { inTransaction } from '../transaction';
import type { CoordinatorDependencies, OnMoved } from './hooks';
import { type Move, type Plan, type Refusal, type TransactionStatus, logStore } from './log-store';

export interface MoveItem {
  readonly gid: Gid;
  readonly traceparent: Traceparent | null;
  /** Why it is abandoned, where accounts have refused. */
  readonly refusals?: readonly Refusal[];
}

/** Each move answers with the status in which the transaction is afterwards, whoever brought it there. */
export type Moves = Readonly<Record<Move, Gatherer<MoveItem, TransactionStatus>>>;

/** The four moves of the log as gathered steps; what the business adds happens in the same commit. */
export function createMoves<P extends Plan>(deps: CoordinatorDependencies<P>): Moves {
  return {
    decide: createMove(deps, 'decide', deps.hooks.onDecided),
    abandon: createMove(deps, 'abandon', () => Promise.resolve(undefined)),
    confirmed: createMove(deps, 'confirmed', deps.hooks.onConfirmed),
    cancelled: createMove(deps, 'cancelled', deps.hooks.onCancelled),
  };
}

function createMove<P extends Plan>(
  { db, lists, tracer }: CoordinatorDependencies<P>,
  move: Move,
  onMoved: OnMoved<P>,
): Gatherer<MoveItem, TransactionStatus> {
  const run = async (items: readonly MoveItem[]): Promise<readonly TransactionStatus[]> => {
    const gids = items.map((item) => item.gid);
    const status = new Map<Gid, TransactionStatus>();
    let lost: Unavailable | undefined;
    try {
      const { moved, afterCommit } = await inTransaction(db, async (tx) => {
        const rows = await logStore.leave<P>(tx, move, [...new Set(gids)]);
        const after = rows.length === 0 ? undefined : await onMoved(tx, rows);
        const refused = items.flatMap(({ gid, refusals }) => (refusals === undefined ? [] : [{ gid, refusals }]));
        if (refused.length > 0) await logStore.noteRefusals(tx, refused);
        return { moved: rows, afterCommit: after };
      });
      for (const row of moved) status.set(row.gid, row.status);
      afterCommit?.();
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      lost = error;
    }
    // A lost connection may have committed, and a compare-and-set that changed nothing was met by somebody else's.
    const unknown = gids.filter((gid) => !status.has(gid));
    if (unknown.length > 0) for (const row of await logStore.read(db, unknown)) status.set(row.gid, row.status);
    return gids.map((gid) => {
      const found = status.get(gid);
      if (found === undefined) throw new Error(`transaction ${gid} is not in the log`);
      if (lost !== undefined && LEAVES[move] === found) throw lost;
      return found;
    });
  };
  const step = `transactions.${move}`;
  return gather(
    (items) =>
      inListSpan(
        tracer,
        step,
        items,
        (item) => item.traceparent,
        {},
        () => run(items),
      ),
    {
      step,
      ...lists,
    },
  );
}

/** The status that a move leaves: found again after a lost connection, it says that nothing was committed. */
const LEAVES: Readonly<Record<Move, TransactionStatus>> = {
  decide: 'trying',
  abandon: 'trying',
  confirmed: 'confirming',
  cancelled: 'cancelling',
};
