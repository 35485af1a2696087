import type { Clock } from '../core/clock';

/**
 * Terminology
 * - lane: attempts in flight that share a limit: those to endpoints that work, those to suspects, and those that have gone
 *   without an answer for a while, whoever they are for. An attempt that becomes slow gives its place in the first two
 *   back, so that hundreds of endpoints that begin to hang hold up the others for that while and no longer.
 */
export type Lane = 'working' | 'suspects' | 'slow';

export interface LaneLimits {
  readonly inFlight: number;
  readonly suspectsInFlight: number;
  /** With all three full nothing goes: so many connections are open at most. */
  readonly slowInFlight: number;
  readonly slowAfterMs: number;
}

interface InLane {
  lane: Lane;
  readonly startedAt: number;
}

export interface Lanes<Place extends InLane> {
  hasPlace(lane: Lane): boolean;
  /** Whether more than half of its places are free. */
  isHalfFree(lane: Lane): boolean;
  enter(place: Place): void;
  leave(place: Place): void;
  /** Moves what has become slow. */
  age(): void;
  inFlight(): number;
}

/** @param onSlow told of each attempt that becomes slow */
export function createLanes<Place extends InLane>(
  limits: LaneLimits,
  clock: Pick<Clock, 'elapsed'>,
  onSlow: (place: Place) => void,
): Lanes<Place> {
  const most: Record<Lane, number> = {
    working: limits.inFlight,
    suspects: limits.suspectsInFlight,
    slow: limits.slowInFlight,
  };
  const busy: Record<Lane, number> = { working: 0, suspects: 0, slow: 0 };
  // In the order in which they began: the first ones are the next to become slow.
  const young = new Set<Place>();
  return {
    hasPlace: (lane) => busy[lane] < most[lane],
    isHalfFree: (lane) => busy[lane] * 2 < most[lane],
    enter: (place) => {
      busy[place.lane] += 1;
      young.add(place);
    },
    leave: (place) => {
      busy[place.lane] -= 1;
      young.delete(place);
    },
    age: () => {
      const before = clock.elapsed() - limits.slowAfterMs;
      for (const place of young) {
        if (place.startedAt > before || busy.slow >= most.slow) return;
        young.delete(place);
        busy[place.lane] -= 1;
        busy.slow += 1;
        place.lane = 'slow';
        onSlow(place);
      }
    },
    inFlight: () => busy.working + busy.suspects + busy.slow,
  };
}
