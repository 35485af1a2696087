import type { Jitter } from '../../core/backoff';
import { type Schedule, nextDelayMs } from './schedule';

/**
 * What follows from one attempt to tell somebody something on a schedule, whatever it was and however it was sent.
 * - `told`: the other side has it; nothing follows.
 * - `failed`: it may work later; the other side may have asked for some time (`retryAfterMs`, from its answer).
 * - `gone`: the other side does not want to be told anything any more.
 */
export type AttemptResult =
  | { readonly kind: 'told' }
  | { readonly kind: 'failed'; readonly retryAfterMs: number | undefined }
  | { readonly kind: 'gone' };

/**
 * - `again`: the next attempt is due when both have passed: `sinceAttemptMs` from the start of the attempt that was made
 *   (the schedule), and `sinceAnswerMs` from now (what the other side asked for).
 * - `over`: the schedule is over and it was never told.
 */
export type NextStep =
  | { readonly kind: 'finished' }
  | { readonly kind: 'again'; readonly sinceAttemptMs: number; readonly sinceAnswerMs: number }
  | { readonly kind: 'over' }
  | { readonly kind: 'stopped' };

/** The longest time that another side may ask us to wait. */
export const LONGEST_RETRY_AFTER_MS = 24 * 60 * 60 * 1000;

/**
 * @param attemptsMade including the one that gave `result`
 * A wish to wait can make the next attempt later than the schedule says, never earlier, and adds no attempt to it.
 */
export function afterAttempt(
  result: AttemptResult,
  schedule: Schedule,
  attemptsMade: number,
  jitter: Jitter,
): NextStep {
  switch (result.kind) {
    case 'told':
      return { kind: 'finished' };
    case 'gone':
      return { kind: 'stopped' };
    case 'failed': {
      const delay = nextDelayMs(schedule, attemptsMade, jitter);
      if (delay === undefined) return { kind: 'over' };
      const asked = Math.min(Math.max(result.retryAfterMs ?? 0, 0), LONGEST_RETRY_AFTER_MS);
      return { kind: 'again', sinceAttemptMs: delay, sinceAnswerMs: asked };
    }
    default:
      return result satisfies never;
  }
}
