import type { Gid } from '../../core/ids';
import type { Database } from '../transaction';
import { logStore } from './log-store';
import type { BranchKey, OpenHold, Participant } from './participant';

export interface SweepHoldsDependencies {
  readonly db: Database<'orders'>;
  readonly participants: readonly Participant[];
  /** A hold of which the log knows nothing: it can only be reported, because nobody knows how it should end. */
  readonly onOrphans: (participant: string, orphans: readonly OpenHold[]) => Promise<void>;
  /** How long a hold may be open before anybody asks. */
  readonly olderThanSeconds: number;
}

const PAGE = 200;
/** One run looks at so many pages of a participant; the next begins with the oldest again. */
const MOST_PAGES = 50;

/**
 * Re-sends the end to holds whose transaction has ended. The coordinator ends a transaction only when every participant
 * has answered, so this finds work only where a participant lost what it had committed (restored from a backup). It goes on
 * behind what it cannot end: orphans stay, and those of a restored database may be many.
 * @returns how many holds were ended
 */
export async function sweepHolds(deps: SweepHoldsDependencies): Promise<number> {
  // Side by side: a participant that answers late or not at all keeps only itself waiting.
  const swept = await Promise.allSettled(deps.participants.map((participant) => sweepParticipant(deps, participant)));
  let ended = 0;
  for (const one of swept) {
    if (one.status === 'rejected') throw one.reason;
    ended += one.value;
  }
  return ended;
}

async function sweepParticipant(deps: SweepHoldsDependencies, participant: Participant): Promise<number> {
  let ended = 0;
  let after: OpenHold | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const open = await participant.openHolds(deps.olderThanSeconds, PAGE, after);
    ended += await endHolds(deps, participant, open);
    after = open.at(-1);
    if (open.length < PAGE) break;
  }
  return ended;
}

async function endHolds(
  deps: SweepHoldsDependencies,
  participant: Participant,
  open: readonly OpenHold[],
): Promise<number> {
  if (open.length === 0) return 0;
  const log = await logStore.read(deps.db, [...new Set(open.map((hold) => hold.gid))]);
  const status = new Map<Gid, string>(log.map((row) => [row.gid, row.status]));
  const inStatus = (wanted: string): BranchKey[] => open.filter((hold) => status.get(hold.gid) === wanted);
  const confirmed = inStatus('confirmed');
  const cancelled = inStatus('cancelled');
  const orphans = open.filter((hold) => !status.has(hold.gid));
  if (confirmed.length > 0) await participant.confirm(confirmed);
  if (cancelled.length > 0) await participant.cancel(cancelled);
  if (orphans.length > 0) await deps.onOrphans(participant.name, orphans);
  return confirmed.length + cancelled.length;
}
