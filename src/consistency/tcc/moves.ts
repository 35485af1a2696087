import { Unavailable } from '../../core/errors';
import { type Gatherer, gather } from '../../core/gather';
import type { Gid } from '../../core/ids';
import { indexBy } from '../../core/index-by';
import { traceOf } from '../../core/traceparent';
import { inListSpan } from '../../core/tracing';
import { inTransaction } from '../transaction';
import { type Afterwards, type CoordinatorDependencies, type Moved, type Moving, type OnMove, gidOf } from './hooks';
import {
  type Move,
  type MovedTransaction,
  type Plan,
  type Refusal,
  type RefusedTransaction,
  type TransactionStatus,
  logStore,
} from './log-store';

export interface MoveItem<P extends Plan> extends Moving<P> {
  /** Why it is abandoned, where accounts have refused. */
  readonly refusals?: readonly Refusal[];
}

/** Each move answers with the status in which the transaction is afterwards, whoever brought it there. */
export type Moves<P extends Plan> = Readonly<Record<Move, Gatherer<MoveItem<P>, TransactionStatus>>>;

/** The four moves of the log as gathered steps; what the business adds happens in the same commit. */
export function createMoves<P extends Plan>(deps: CoordinatorDependencies<P>): Moves<P> {
  return {
    decide: createMove(deps, 'decide', deps.hooks.onDecided),
    abandon: createMove(deps, 'abandon', () => ({})),
    confirmed: createMove(deps, 'confirmed', deps.hooks.onConfirmed),
    cancelled: createMove(deps, 'cancelled', deps.hooks.onCancelled),
  };
}

function createMove<P extends Plan>(
  deps: CoordinatorDependencies<P>,
  move: Move,
  onMove: OnMove<P>,
): Gatherer<MoveItem<P>, TransactionStatus> {
  const { db, lists, tracer, secondPhasePauseMs } = deps;
  const run = async (items: readonly MoveItem<P>[]): Promise<readonly (TransactionStatus | Unavailable)[]> => {
    const status = new Map<Gid, TransactionStatus>();
    let lost: Unavailable | undefined;
    try {
      for (const row of await carryOut(deps, move, onMove, items)) status.set(row.gid, row.status);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      lost = error;
    }
    // A lost connection may have committed, and a compare-and-set that changed nothing was met by somebody else's.
    const unknown: Gid[] = [];
    for (const { gid } of items) if (!status.has(gid)) unknown.push(gid);
    if (unknown.length > 0) for (const row of await logStore.read(db, unknown)) status.set(row.gid, row.status);
    const answers: (TransactionStatus | Unavailable)[] = [];
    for (const { gid } of items) {
      const found = status.get(gid);
      if (found === undefined) throw new Error(`transaction ${gid} is not in the log`);
      // What is as it was may be tried again; what is not was moved, by this commit or by somebody else.
      answers.push(lost !== undefined && LEAVES[move] === found ? lost : found);
    }
    if (lost !== undefined && answers.every((answer) => answer === lost)) throw lost;
    return answers;
  };
  const step = STEPS[move];
  const gathered = gather<MoveItem<P>, TransactionStatus | Unavailable>(
    (items) => inListSpan(tracer, step, items, traceOf, {}, () => run(items)),
    { step, ...lists, pauseMs: move === 'confirmed' ? secondPhasePauseMs : undefined },
  );
  const moveOne = async (item: MoveItem<P>): Promise<TransactionStatus> => {
    const answer = await gathered(item);
    if (answer instanceof Unavailable) throw answer;
    return answer;
  };
  return Object.assign(moveOne, { load: gathered.load });
}

function movedBy<P extends Plan>(row: MovedTransaction, { plan, traceparent }: MoveItem<P>): Moved<P> {
  return {
    gid: row.gid,
    receipt_id: row.receipt_id,
    order_id: row.order_id,
    pays_order: row.pays_order,
    status: row.status,
    legs_hash: row.legs_hash,
    plan,
    traceparent,
  };
}

/** @returns the transactions that were moved, once that is committed */
async function carryOut<P extends Plan>(
  { db }: CoordinatorDependencies<P>,
  move: Move,
  onMove: OnMove<P>,
  items: readonly MoveItem<P>[],
): Promise<readonly Moved<P>[]> {
  const byGid = indexBy(items, gidOf);
  const each = [...byGid.values()];
  const refused = each.flatMap(refusedOf);
  let afterwards: Afterwards<P> = {};
  const moving = inTransaction(db, STEPS[move], async (tx) => {
    // A decision is nothing without what follows it; the other moves are all that goes out.
    if (move === 'decide') await tx.begun;
    const leaving = logStore.leave(tx, move, each.map(gidOf));
    if (refused.length > 0) logStore.noteRefusals(tx, refused);
    afterwards = onMove(tx, each);
    if (afterwards.inTransaction === undefined) tx.finish();
    const rows: Moved<P>[] = [];
    for (const row of await leaving) {
      const item = byGid.get(row.gid);
      if (item !== undefined) rows.push(movedBy(row, item));
    }
    if (rows.length > 0) await afterwards.inTransaction?.(rows);
    return rows;
  });
  const moved = await moving.catch((error: unknown) => {
    afterwards.failed?.();
    throw error;
  });
  if (moved.length > 0) afterwards.committed?.(moved);
  return moved;
}

function refusedOf<P extends Plan>({ gid, refusals }: MoveItem<P>): RefusedTransaction[] {
  return refusals === undefined ? [] : [{ gid, refusals }];
}

/** Each move is a step of its own, in metrics and where tests stop a process. */
const STEPS = {
  decide: 'transactions.decide',
  abandon: 'transactions.abandon',
  confirmed: 'transactions.confirmed',
  cancelled: 'transactions.cancelled',
} as const satisfies Record<Move, string>;

/** The status that a move leaves: found again after a lost connection, it says that nothing was committed. */
const LEAVES: Readonly<Record<Move, TransactionStatus>> = {
  decide: 'trying',
  abandon: 'trying',
  confirmed: 'confirming',
  cancelled: 'cancelling',
};
