import { ConsecutiveBreaker, type CircuitBreakerPolicy, circuitBreaker, handleAll } from 'cockatiel';
import type { Clock } from '../core/clock';

/**
 * One circuit breaker per endpoint that fails. An endpoint whose last attempts worked has none, so that the usual case
 * costs a look into a map. After some failures in a row the circuit opens: nothing may go but, from time to time, one
 * attempt as a probe, and each probe that fails makes the next one rarer. No timer runs: time is looked at when asked.
 */
export interface CircuitBreakers<Endpoint extends string> {
  /** `free`: attempts may go. `probe`: one may, with `probe`. `none`: none may before `notBefore`. */
  admits(endpoint: Endpoint): Admission;
  /** True where the last attempt failed. */
  isFailing(endpoint: Endpoint): boolean;
  /** Takes the one probe; undefined where somebody else has. */
  probe(endpoint: Endpoint): Probe | undefined;
  /** What came of an attempt that was not a probe. */
  record(endpoint: Endpoint, worked: boolean): void;
}

export type Admission = 'free' | 'probe' | 'none';

export interface Probe {
  /** @param worked undefined where no attempt was made after all: the next may be the probe then */
  end(worked: boolean | undefined): void;
}

export interface BreakerLimits {
  /** So many failures in a row open the circuit. */
  readonly failures: number;
  /** How long it is open at first, and at most; doubled by each probe that fails. */
  readonly openMs: number;
  readonly longestOpenMs: number;
}

export const BREAKER_LIMITS: BreakerLimits = { failures: 5, openMs: 5_000, longestOpenMs: 300_000 };

/** So many failing endpoints are remembered, the one that was tried longest ago out first. */
const MOST_FAILING = 10_000;

interface Breaker {
  policy: CircuitBreakerPolicy;
  open: boolean;
  probing: boolean;
  /** How often it has opened in a row. */
  opened: number;
  /** By `Clock.elapsed`. */
  notBefore: number;
}

export function createCircuitBreakers<Endpoint extends string>(
  clock: Pick<Clock, 'elapsed'>,
  limits: BreakerLimits = BREAKER_LIMITS,
): CircuitBreakers<Endpoint> {
  const breakers = new Map<Endpoint, Breaker>();
  const openMs = (opened: number): number => Math.min(limits.openMs * 2 ** (opened - 1), limits.longestOpenMs);
  const backoff = { next: ({ attempt }: { attempt: number }) => ({ duration: openMs(attempt), next: backoff.next }) };

  const policyFor = (breaker: Breaker, initialState?: unknown): CircuitBreakerPolicy => {
    const policy = circuitBreaker(handleAll, {
      breaker: new ConsecutiveBreaker(limits.failures),
      halfOpenAfter: backoff,
      ...(initialState === undefined ? {} : { initialState }),
    });
    policy.onBreak(() => {
      breaker.open = true;
      breaker.probing = false;
      breaker.opened += 1;
      breaker.notBefore = clock.elapsed() + openMs(breaker.opened);
    });
    return policy;
  };

  const breakerOf = (endpoint: Endpoint): Breaker => {
    const known = breakers.get(endpoint);
    const breaker = known ?? newBreaker();
    // To the end of the map, whose beginning is forgotten first.
    breakers.delete(endpoint);
    breakers.set(endpoint, breaker);
    const [oldest] = breakers.keys();
    if (breakers.size > MOST_FAILING && oldest !== undefined) breakers.delete(oldest);
    return breaker;
  };
  const newBreaker = (): Breaker => {
    const made = { open: false, probing: false, opened: 0, notBefore: 0 } as Breaker;
    made.policy = policyFor(made);
    return made;
  };

  return {
    isFailing: (endpoint) => breakers.has(endpoint),
    admits: (endpoint) => {
      const breaker = breakers.get(endpoint);
      if (breaker?.open !== true) return 'free';
      return !breaker.probing && breaker.notBefore <= clock.elapsed() ? 'probe' : 'none';
    },
    probe: (endpoint) => {
      const breaker = breakers.get(endpoint);
      if (breaker === undefined) return undefined;
      const before: unknown = breaker.policy.toJSON();
      const result = executing(breaker.policy);
      if (result === undefined) {
        // The library goes by the time of day, which may have been set back.
        breaker.notBefore = clock.elapsed() + limits.openMs;
        return undefined;
      }
      breaker.probing = true;
      return {
        end: (worked) => {
          if (worked === true) {
            breakers.delete(endpoint);
          } else if (worked === undefined) {
            breaker.policy = policyFor(breaker, before);
            breaker.probing = false;
          }
          result(worked ?? true);
        },
      };
    },
    record: (endpoint, worked) => {
      // Whoever answers works, also where the attempt began before the circuit opened.
      if (worked) {
        breakers.delete(endpoint);
        return;
      }
      const breaker = breakerOf(endpoint);
      // A late failure says nothing new of an endpoint whose circuit is open, and must not join its probe.
      if (!breaker.open) executing(breaker.policy)?.(false);
    },
  };
}

/** Runs an attempt whose result is told later. @returns how to tell it; undefined where the circuit lets none pass */
function executing(policy: CircuitBreakerPolicy): ((worked: boolean) => void) | undefined {
  let tell: ((worked: boolean) => void) | undefined;
  const run = (): Promise<void> =>
    new Promise((resolve, reject) => {
      tell = (worked) => {
        if (worked) resolve();
        else reject(new Error('the attempt failed'));
      };
    });
  policy.execute(run).catch(() => undefined);
  return tell;
}
