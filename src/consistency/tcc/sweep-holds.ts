import type { Gid } from '../../core/ids';
import type { Database } from '../transaction';
import { logStore } from './log-store';
import type { BranchKey, Participant } from './participant';

export interface SweepHoldsDependencies {
  readonly db: Database<'orders'>;
  readonly participants: readonly Participant[];
  /** A hold of which the log knows nothing: it can only be reported, because nobody knows how it should end. */
  readonly onOrphans: (participant: string, orphans: readonly BranchKey[]) => Promise<void>;
  /** How long a hold may be open before anybody asks. */
  readonly olderThanSeconds: number;
}

const PAGE = 200;

/**
 * Re-sends the end to holds whose transaction has ended. The coordinator ends a transaction only when every participant
 * has answered, so this finds work only where a participant lost what it had committed (restored from a backup).
 * @returns how many holds were ended
 */
export async function sweepHolds(deps: SweepHoldsDependencies): Promise<number> {
  let ended = 0;
  for (const participant of deps.participants) {
    const open = await participant.openHolds(deps.olderThanSeconds, PAGE);
    if (open.length === 0) continue;
    const log = await logStore.read(deps.db, [...new Set(open.map((hold) => hold.gid))]);
    const status = new Map<Gid, string>(log.map((row) => [row.gid, row.status]));
    const inStatus = (wanted: string): BranchKey[] => open.filter((hold) => status.get(hold.gid) === wanted);
    const confirmed = inStatus('confirmed');
    const cancelled = inStatus('cancelled');
    const orphans = open.filter((hold) => !status.has(hold.gid));
    if (confirmed.length > 0) await participant.confirm(confirmed);
    if (cancelled.length > 0) await participant.cancel(cancelled);
    if (orphans.length > 0) await deps.onOrphans(participant.name, orphans);
    ended += confirmed.length + cancelled.length;
  }
  return ended;
}
