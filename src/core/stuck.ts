import { clip } from './clip';

/**
 * When work that is not done counts as stuck. What a recovery tries again has backed off to its longest pause by then, so
 * that whatever hinders it will probably not go away by itself. Lists, metrics, incidents and the log mean the same by it.
 */
export const STUCK_AFTER_SECONDS = 600;

/** Attempts after which it is stuck whatever its age. A receipt is looked at every two seconds while it waits for its order, so of it only the age counts. */
export const STUCK_AFTER_ATTEMPTS = { transactions: 8, messages: 10 } as const;

/** What is told of work that is stuck, wherever it is told: as texts, because an incident's facts are. */
export interface StuckRow {
  readonly attempts: number;
  readonly next_try_at: Date | null;
  readonly age_seconds: number;
  readonly last_error: string | null;
}

export function stuckFacts(row: StuckRow): Readonly<Record<string, string | null>> {
  return {
    attempts: String(row.attempts),
    error: row.last_error === null ? null : clip(row.last_error, 500),
    next_try_at: row.next_try_at?.toISOString() ?? null,
    age_seconds: String(row.age_seconds),
  };
}
