/** What may be under way: the names are those of the metrics' label `work`. */
export const WORK = ['receipts', 'transactions', 'messages', 'notifications'] as const;
export type Work = (typeof WORK)[number];

/** Which of it; what is left out narrows nothing. */
export interface WhichWork {
  readonly olderThanSeconds?: number | undefined;
  readonly minAttempts?: number | undefined;
}
