/**
 * Terminology (DESIGN, "TCC")
 * - global transaction: the agreement of several participants, named by its gid.
 * - branch: the part of one participant in it; a participant may have several branches in one transaction.
 * - hold: what Try leaves in a participant. It is also the fence: one row per (gid, branch) carries the status.
 * - leg: one account and one amount of a hold.
 */
import type { Json } from '../../core/canonical';
import type { Gid } from '../../core/ids';

export interface Leg {
  /** The account's code, unique within the participant: `merchant/<id>/USD`. */
  readonly account: string;
  /** `in` credits the account at Confirm; `out` takes from `available` at Try and debits at Confirm. */
  readonly direction: 'in' | 'out';
  /** A positive decimal string in the account's unit. */
  readonly amount: string;
  /** What to open where the account does not exist yet; without it, an unknown account is refused. */
  readonly opens?: { readonly kind: string; readonly owner: string; readonly unit: string };
}

/** What of a leg must be the same when it comes again, and is hashed: how a missing account would be opened is not. */
export function legContent({ account, direction, amount }: Leg): Json {
  return { account, amount, direction };
}

/** A branch as Try gets it: the legs are merged per account and direction, and none is zero. */
export interface Branch {
  readonly gid: Gid;
  readonly branch: string;
  readonly legs: readonly Leg[];
}

export interface BranchKey {
  readonly gid: Gid;
  readonly branch: string;
}

/** An open hold with its time, to the microsecond: its place among all of them. */
export interface OpenHold extends BranchKey {
  readonly since: string;
}

export interface StandingHold extends BranchKey {
  readonly status: 'held' | 'confirmed' | 'cancelled';
}

/** The holds of a transaction: whether all of them ended so long ago as was asked for. */
export interface EndedHold {
  readonly gid: Gid;
  readonly ended: boolean;
}

export type RefusalReason = 'frozen' | 'closed' | 'unknown_account' | 'insufficient';

/** `refused` changes where the money goes; `late` means somebody else has ended the transaction; `mismatch` is a bug. */
export type TryAnswer =
  | { readonly kind: 'held' }
  | { readonly kind: 'refused'; readonly account: string; readonly reason: RefusalReason }
  | { readonly kind: 'late' }
  | { readonly kind: 'mismatch' };

export type ConfirmAnswer =
  { readonly kind: 'confirmed' } | { readonly kind: 'impossible'; readonly found: 'absent' | 'cancelled' };

export type CancelAnswer =
  { readonly kind: 'cancelled' } | { readonly kind: 'impossible'; readonly found: 'confirmed' };

/**
 * A system that can Try, Confirm and Cancel branches. Each call takes a list, commits once, and answers per item in the
 * same order. Every call is idempotent, in any order, any number of times, from any number of callers.
 * @throws Unavailable where it cannot be reached: what it did is then unknown
 */
export interface Participant {
  readonly name: string;
  try(branches: readonly Branch[]): Promise<readonly TryAnswer[]>;
  confirm(branches: readonly BranchKey[]): Promise<readonly ConfirmAnswer[]>;
  cancel(branches: readonly BranchKey[]): Promise<readonly CancelAnswer[]>;
  /**
   * Holds that have been open for longer than this, oldest first, from the one behind `after`: the sweep asks the log how
   * their transaction ended.
   */
  openHolds(olderThanSeconds: number, limit: number, after?: OpenHold): Promise<readonly OpenHold[]>;
  /** How the branches of these transactions stand; one without a hold is left out. */
  standing(gids: readonly Gid[]): Promise<readonly StandingHold[]>;
  /**
   * Up to `limit` holds of transactions that are older than this, in the order of their gids, from the one behind `after`;
   * nothing where there are no more.
   */
  oldHolds(olderThanDays: number, limit: number, after?: Gid): Promise<readonly EndedHold[]>;
  /**
   * Deletes those of the holds that ended longer ago than this. Only holds whose transaction nobody will speak of again: a
   * Try of one that is gone is late.
   * @returns how many
   */
  forgetHolds(gids: readonly Gid[], olderThanDays: number): Promise<number>;
  /** The oldest transaction of which there is a hold. */
  oldestHold(): Promise<Gid | undefined>;
}
