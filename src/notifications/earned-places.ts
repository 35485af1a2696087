/**
 * How many places endpoints have earned by attempts that worked, for as long as nothing waits for them: one gets list after
 * list, and were its places forgotten in between, each list would be sent a few at a time, in as many small transactions.
 */
export interface EarnedPlaces<Endpoint> {
  of(endpoint: Endpoint): number;
  remember(endpoint: Endpoint, places: number): void;
}

/** Of so many endpoints it is remembered, those that were told to last. */
const REMEMBERED = 10_000;

/** @param first what an endpoint begins with */
export function createEarnedPlaces<Endpoint>(first: number): EarnedPlaces<Endpoint> {
  const earned = new Map<Endpoint, number>();
  return {
    of: (endpoint) => earned.get(endpoint) ?? first,
    remember: (endpoint, places) => {
      earned.delete(endpoint);
      if (places > first) earned.set(endpoint, places);
      for (const oldest of earned.keys()) {
        if (earned.size <= REMEMBERED) break;
        earned.delete(oldest);
      }
    },
  };
}
