import type { Clock } from '../core/clock';

/** Whose turn it is: the endpoints for which something waits, in line, and beside it those that are held. */
export interface Turns<Endpoint> {
  /** Joins the end of the line, unless it is in it or held. */
  join(endpoint: Endpoint): void;
  /** Steps out of the line until its circuit lets something pass. */
  hold(endpoint: Endpoint): void;
  /** Ends a hold before anybody looks. */
  letIn(endpoint: Endpoint): void;
  drop(endpoint: Endpoint): void;
  /** Those in line, the first first. */
  inLine(): Endpoint[];
}

/** How often the held ones are looked at: a thousand dead endpoints must not be looked at with every turn. */
const LOOK_AT_HELD_MS = 100;

/** @param mayGo whether an endpoint's circuit lets something pass */
export function createTurns<Endpoint>(
  mayGo: (endpoint: Endpoint) => boolean,
  clock: Pick<Clock, 'elapsed'>,
): Turns<Endpoint> {
  const line = new Set<Endpoint>();
  const held = new Set<Endpoint>();
  let lookedAt = clock.elapsed();
  return {
    join: (endpoint) => {
      if (!held.has(endpoint)) line.add(endpoint);
    },
    hold: (endpoint) => {
      line.delete(endpoint);
      held.add(endpoint);
    },
    letIn: (endpoint) => {
      if (held.delete(endpoint)) line.add(endpoint);
    },
    drop: (endpoint) => {
      line.delete(endpoint);
      held.delete(endpoint);
    },
    inLine: () => {
      if (clock.elapsed() - lookedAt >= LOOK_AT_HELD_MS) {
        lookedAt = clock.elapsed();
        for (const endpoint of held) {
          if (!mayGo(endpoint)) continue;
          held.delete(endpoint);
          line.add(endpoint);
        }
      }
      return [...line];
    },
  };
}
