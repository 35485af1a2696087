import { Away } from '../../core/errors';
import { type Gatherer, gather } from '../../core/gather';
import { type Traceparent, traceOf } from '../../core/traceparent';
import { inListSpan } from '../../core/tracing';
import type { CoordinatorDependencies, Moving } from './hooks';
import type { Plan, Refusal, TransactionStatus } from './log-store';
import { createMoves } from './moves';
import { createPutAside } from './put-aside';
import type { Branch, BranchKey, CancelAnswer, ConfirmAnswer, Participant, TryAnswer } from './participant';

export type Tried =
  | { readonly kind: 'held' }
  | { readonly kind: 'refused'; readonly refusals: readonly Refusal[] }
  | { readonly kind: 'late' }
  | { readonly kind: 'mismatch' };

/** `decided` covers a transaction that somebody else has confirmed meanwhile. */
export type Decision = 'decided' | 'abandoned';

export interface Coordinator<P extends Plan> {
  /** Commits B and C, side by side. @throws Unavailable where a participant could not be reached */
  tryAll(transaction: OpenTransaction<P>): Promise<Tried>;
  /** Commit D. @throws Unavailable where the log could not be reached: nothing may be acknowledged then */
  decide(transaction: OpenTransaction<P>): Promise<Decision>;
  /** Commits E and F, then the end. For a decided transaction; repeated until it succeeds, by the flow or by recovery. */
  confirmAll(transaction: OpenTransaction<P>): Promise<void>;
  /** Leaves `trying` for `cancelling` if nobody has decided, cancels every planned branch, tried or not, then the end. */
  cancelAll(transaction: OpenTransaction<P>, refusals?: readonly Refusal[]): Promise<TransactionStatus>;
  /** The same for a transaction that was abandoned before. */
  finishCancel(transaction: OpenTransaction<P>): Promise<TransactionStatus>;
  /** How many items wait in each of its steps. */
  load(): Readonly<Record<string, number>>;
}

export type OpenTransaction<P extends Plan> = Moving<P>;

interface Steps {
  readonly try: Gatherer<Traced<Branch>, TryAnswer>;
  readonly confirm: Gatherer<Traced<BranchKey>, ConfirmAnswer>;
  readonly cancel: Gatherer<Traced<BranchKey>, CancelAnswer>;
}
type Traced<Item> = Item & { readonly traceparent: Traceparent | null };

function tryBranch(step: Steps, branch: Traced<Branch>): Promise<TryAnswer> {
  return step.try(branch);
}

function confirmBranch(step: Steps, { gid, branch, traceparent }: Traced<Branch>): Promise<ConfirmAnswer> {
  return step.confirm({ gid, branch, traceparent });
}

function cancelBranch(step: Steps, { gid, branch, traceparent }: Traced<Branch>): Promise<CancelAnswer> {
  return step.cancel({ gid, branch, traceparent });
}

/** Each participant and each move of the log gathers for itself, so that one that is down stalls only what needs it. */
export function createCoordinator<P extends Plan>(deps: CoordinatorDependencies<P>): Coordinator<P> {
  const steps = new Map(deps.participants.map((participant) => [participant.name, stepsOf(participant, deps)]));
  const moves = createMoves(deps);
  const putAside = createPutAside(deps);
  const stepsFor = (name: string): Steps => {
    const found = steps.get(name);
    if (found === undefined) throw new Error(`there is no participant ${name}`);
    return found;
  };
  const each = <R>(
    { gid, plan, traceparent }: OpenTransaction<P>,
    act: (steps: Steps, branch: Traced<Branch>) => Promise<R>,
  ): Promise<R[]> => {
    const work: Promise<R>[] = [];
    for (const { participant, branch, legs } of plan.branches)
      work.push(act(stepsFor(participant), { gid, branch, legs, traceparent }));
    return allSettled(work);
  };
  /** The second phase can wait for a participant that is away, and nobody tries it again before that is back. */
  const eachOrAside = async <R>(
    transaction: OpenTransaction<P>,
    act: (steps: Steps, branch: Traced<Branch>) => Promise<R>,
  ): Promise<R[]> => {
    try {
      return await each(transaction, act);
    } catch (error) {
      if (error instanceof Away) await putAside(transaction, error);
      throw error;
    }
  };
  const finishCancel = async (transaction: OpenTransaction<P>): Promise<TransactionStatus> => {
    const { gid, plan, traceparent } = transaction;
    const answers = await eachOrAside(transaction, cancelBranch);
    await requirePossible(deps, transaction, answers);
    return moves.cancelled({ gid, plan, traceparent });
  };

  return {
    tryAll: async (transaction) => {
      const answers = await each(transaction, tryBranch);
      const tried = combine(transaction.plan, answers);
      if (tried.kind === 'mismatch') await deps.hooks.onBug(transaction, 'try_mismatch', {});
      return tried;
    },
    decide: async ({ gid, plan, traceparent }) => {
      const status = await moves.decide({ gid, plan, traceparent });
      return status === 'confirming' || status === 'confirmed' ? 'decided' : 'abandoned';
    },
    confirmAll: async (transaction) => {
      const answers = await eachOrAside(transaction, confirmBranch);
      await requirePossible(deps, transaction, answers);
      const { gid, plan, traceparent } = transaction;
      await moves.confirmed({ gid, plan, traceparent });
    },
    cancelAll: async (transaction, refusals) => {
      const { gid, plan, traceparent } = transaction;
      const status = await moves.abandon({ gid, plan, traceparent, ...(refusals === undefined ? {} : { refusals }) });
      return status === 'cancelling' ? finishCancel(transaction) : status;
    },
    finishCancel,
    load: () => ({
      log: loadOf(Object.values(moves)),
      ...Object.fromEntries([...steps].map(([name, step]) => [name, loadOf([step.try, step.confirm, step.cancel])])),
    }),
  };
}

function stepsOf(
  participant: Participant,
  { lists, tracer, secondPhasePauseMs }: Pick<CoordinatorDependencies<Plan>, 'lists' | 'tracer' | 'secondPhasePauseMs'>,
): Steps {
  const step = <Item extends Traced<BranchKey>, Answer>(
    name: string,
    run: (items: readonly Item[]) => Promise<readonly Answer[]>,
    pauseMs?: number,
  ): Gatherer<Item, Answer> =>
    gather((items) => inListSpan(tracer, name, items, traceOf, {}, () => run(items)), {
      step: name,
      ...lists,
      pauseMs,
    });
  const { name } = participant;
  return {
    try: step(`${name}.try`, (branches) => participant.try(branches)),
    confirm: step(`${name}.confirm`, (keys) => participant.confirm(keys), secondPhasePauseMs),
    cancel: step(`${name}.cancel`, (keys) => participant.cancel(keys)),
  };
}

function loadOf(steps: readonly { load(): number }[]): number {
  return steps.reduce((sum, step) => sum + step.load(), 0);
}

/** Waits for every branch before it fails, so that nothing of this attempt is in flight any more when it does. */
async function allSettled<R>(work: readonly Promise<R>[]): Promise<R[]> {
  return (await Promise.allSettled(work)).map(valueOf);
}

function valueOf<R>(result: PromiseSettledResult<R>): R {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

/** A bug outweighs lateness, and lateness a refusal: only a transaction that is still ours may change where money goes. */
function combine(plan: Plan, answers: readonly TryAnswer[]): Tried {
  const kinds = new Set(answers.map(kindOf));
  if (kinds.has('mismatch')) return { kind: 'mismatch' };
  if (kinds.has('late')) return { kind: 'late' };
  if (!kinds.has('refused')) return { kind: 'held' };
  const refusals = answers.flatMap((answer, index) => {
    const participant = plan.branches[index]?.participant;
    return answer.kind === 'refused' && participant !== undefined
      ? [{ participant, account: answer.account, reason: answer.reason }]
      : [];
  });
  return refusals.length > 0 ? { kind: 'refused', refusals } : { kind: 'held' };
}

function kindOf(answer: TryAnswer): TryAnswer['kind'] {
  return answer.kind;
}

function isImpossible<A extends ConfirmAnswer | CancelAnswer>(answer: A): answer is Extract<A, { kind: 'impossible' }> {
  return answer.kind === 'impossible';
}

async function requirePossible<P extends Plan>(
  { hooks }: CoordinatorDependencies<P>,
  transaction: OpenTransaction<P>,
  answers: readonly (ConfirmAnswer | CancelAnswer)[],
): Promise<void> {
  const impossible = answers.find(isImpossible);
  if (impossible === undefined) return;
  await hooks.onBug(transaction, 'phase_two_impossible', { found: impossible.found });
  throw new Error(`the second phase of transaction ${transaction.gid} found a branch ${impossible.found}`);
}
