import { RULES, beginning } from './participant-commands';
import { type ModelLeg, type ModelState, cancelBranch, confirmBranch, tryBranch } from './participant-model';

/**
 * What a coordinator is, without a database: a status per transaction that is left by whoever comes first, and a model of
 * each participant. A transaction ends in one way, and its branches with it.
 */
export const PARTICIPANTS = ['accounts', 'points'] as const;
export type ParticipantName = (typeof PARTICIPANTS)[number];

/** `down` did nothing, `lost` did what it was asked for and its answer never came. */
export type Fault = 'up' | 'down' | 'lost';

export type Status = 'trying' | 'confirming' | 'confirmed' | 'cancelling' | 'cancelled';

export interface PlannedModelBranch {
  readonly participant: ParticipantName;
  readonly key: string;
  readonly legs: readonly ModelLeg[];
}
/** The branches of each transaction. */
export type Plans = readonly (readonly PlannedModelBranch[])[];

export interface CoordinatorState {
  status: Status[];
  participants: Record<ParticipantName, ModelState>;
  faults: Record<ParticipantName | 'log', Fault>;
}

export function newCoordinatorState(plans: Plans): CoordinatorState {
  return {
    status: plans.map(() => 'trying'),
    participants: { accounts: beginning(), points: beginning() },
    faults: { accounts: 'up', points: 'up', log: 'up' },
  };
}

export type Verb = 'tryAll' | 'decide' | 'confirmAll' | 'cancelAll';

/** What the coordinator answers; `unavailable` where it throws, because a participant or the log could not be reached. */
export function coordinate(state: CoordinatorState, plans: Plans, verb: Verb, transaction: number): string {
  const branches = plans[transaction] ?? [];
  const move = (from: Status, to: Status): Status | 'unavailable' => {
    const found = state.status[transaction] ?? 'trying';
    if (state.faults.log === 'down') return found === from ? 'unavailable' : found;
    // A lost answer is no loss: the status is read again.
    if (found === from) state.status[transaction] = to;
    return state.status[transaction] ?? to;
  };
  switch (verb) {
    case 'tryAll': {
      const answers = each(state, branches, (participant, branch) => tryBranch(participant, RULES, branch));
      return ['unavailable', 'mismatch', 'late', 'refused'].find((answer) => answers.includes(answer)) ?? 'held';
    }
    case 'decide': {
      const status = move('trying', 'confirming');
      if (status === 'unavailable') return status;
      return status === 'confirming' || status === 'confirmed' ? 'decided' : 'abandoned';
    }
    case 'confirmAll': {
      const answers = each(state, branches, (participant, { key }) => confirmBranch(participant, key));
      if (answers.includes('unavailable')) return 'unavailable';
      return move('confirming', 'confirmed') === 'unavailable' ? 'unavailable' : 'done';
    }
    case 'cancelAll': {
      const status = move('trying', 'cancelling');
      if (status !== 'cancelling') return status;
      const answers = each(state, branches, (participant, { key }) => cancelBranch(participant, key));
      return answers.includes('unavailable') ? 'unavailable' : move('cancelling', 'cancelled');
    }
  }
}

/** Asks every branch before any failure counts. */
function each(
  state: CoordinatorState,
  branches: readonly PlannedModelBranch[],
  act: (participant: ModelState, branch: PlannedModelBranch) => string,
): string[] {
  return branches.map((branch) => {
    const fault = state.faults[branch.participant];
    if (fault === 'down') return 'unavailable';
    const answer = act(state.participants[branch.participant], branch);
    return fault === 'lost' ? 'unavailable' : answer;
  });
}

/** Drives whatever has not ended to its end, as far as participants and log let it. */
export function recover(state: CoordinatorState, plans: Plans): void {
  state.status.forEach((status, transaction) => {
    if (status === 'confirming') coordinate(state, plans, 'confirmAll', transaction);
    if (status === 'trying' || status === 'cancelling') coordinate(state, plans, 'cancelAll', transaction);
  });
}
