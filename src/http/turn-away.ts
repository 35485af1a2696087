import type { RequestHandler } from 'express';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock';
import { PROBLEMS } from '../core/errors';
import { createLogLimiter } from '../core/log-limiter';

export interface TurnAwayTools {
  /** So many callbacks may be without an answer, of those that came within the last two seconds. */
  readonly most: number;
  readonly newRequestId: () => string;
  readonly logger: Pick<Logger, 'warn'>;
  readonly clock: Clock;
  /** Told of each callback that was turned away. */
  readonly onTurnedAway: () => void;
}

/** A bank repeats by a schedule of its own; most begin with 15 seconds. */
const RETRY_AFTER_SECONDS = 15;
const LINES_PER_MINUTE = 10;
const DETAIL = 'so many callbacks are unanswered that this one could not be answered in time; call again';

/**
 * Answers callbacks for which there is no room, before anything else is done for them: what would be answered too late is done
 * in vain, and at a multiple of what can be settled every microsecond that a refusal takes is missing to the others. Nothing
 * is read of them, whoever sends them; every bank takes 503 for "call again".
 */
export function turnAway({ most, newRequestId, logger, clock, onTurnedAway }: TurnAwayTools): RequestHandler {
  const limiter = createLogLimiter({
    clock,
    lines: LINES_PER_MINUTE,
    onSuppressed: (_, suppressed) => {
      logger.warn({ event: 'callback.turned_away_suppressed', suppressed }, 'more callbacks than are logged');
    },
  });
  const unanswered = countUnanswered(clock);
  return (req, res, next) => {
    if (req.method !== 'POST' || !req.url.startsWith('/callbacks/')) {
      next();
      return;
    }
    if (unanswered.count() < most) {
      res.once('close', unanswered.begin());
      next();
      return;
    }
    onTurnedAway();
    const request_id = newRequestId();
    if (limiter.allows('turned away')) {
      const facts = { event: 'callback.turned_away', request_id };
      logger.warn(facts, 'banks are asked to call again: too many callbacks are unanswered');
    }
    const { status, title } = PROBLEMS.overloaded;
    const type = 'urn:quittance:problem:overloaded';
    const body = JSON.stringify({ type, title, status, code: 'overloaded', detail: DETAIL, request_id });
    res.writeHead(status, {
      'Content-Type': 'application/problem+json',
      'Content-Length': Buffer.byteLength(body),
      'Retry-After': String(RETRY_AFTER_SECONDS),
      'Cache-Control': 'no-store',
      'X-Request-Id': request_id,
    });
    res.end(body);
  };
}

interface Slot {
  readonly since: number;
  open: number;
}

const COUNTED_FOR_MS = 2_000;
const SLOT_MS = 100;

/**
 * Counts what has begun within the last two seconds and has not ended. What hangs for longer, because it needs a database that has
 * fallen silent, does not count any more: payments that do not need that database must not be turned away for it. Where all
 * of them take longer than that, half as many are let in per second as may be under way, until they take less.
 */
function countUnanswered(clock: Clock): { count(): number; begin(): () => void } {
  const slots: Slot[] = [];
  return {
    count: () => {
      const before = clock.elapsed() - COUNTED_FOR_MS;
      while (slots[0] !== undefined && slots[0].since <= before) slots.shift();
      return slots.reduce(plusOpen, 0);
    },
    begin: () => {
      const now = clock.elapsed();
      let slot = slots.at(-1);
      if (slot === undefined || now - slot.since >= SLOT_MS) slots.push((slot = { since: now, open: 0 }));
      const mine = slot;
      mine.open += 1;
      return end.bind(undefined, mine);
    },
  };
}

function plusOpen(sum: number, slot: Slot): number {
  return sum + slot.open;
}

function end(slot: Slot): void {
  slot.open -= 1;
}
