import type { Clock } from '../core/clock';
import type { Finding, GuaranteeNumber, Tally } from './report';

/**
 * A check that reads several databases, or the present, one after the other: what it finds may be work in flight. It is
 * looked at again until it is as it must be, or patience is over.
 */
export interface Check {
  readonly guarantee: GuaranteeNumber;
  look(): Promise<Look>;
  /** Looks at these alone again; gives what is still wrong. */
  again(keys: readonly string[]): Promise<readonly Finding[]>;
}

export interface Look {
  readonly checked: number;
  /** At most `SUSPECTS`. */
  readonly findings: readonly Finding[];
  /** How many more there were. */
  readonly unlisted: number;
}

/** So many suspects are kept for another look; with more than that, something is wrong anyway. */
export const SUSPECTS = 5_000;

/** The time that a person, or a busy system, is given. One budget for the whole audit: all work in flight ends meanwhile. */
export interface Patience {
  /** Waits a moment; false where the budget is used up. */
  wait(): Promise<boolean>;
}

export function createPatience(clock: Clock, budgetMs: number, pauseMs: number): Patience {
  let used = 0;
  return {
    wait: async () => {
      const started = clock.elapsed();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      used += clock.elapsed() - started;
      return used < budgetMs;
    },
  };
}

/** Runs a check and adds to the tally what is still wrong after another look. There is always one, whatever the budget. */
export async function runCheck(check: Check, patience: Patience, tally: Tally): Promise<void> {
  let look = await check.look();
  let findings = look.findings;
  for (let more = true; more && findings.length > 0;) {
    more = await patience.wait();
    findings = await check.again([...new Set(findings.map((finding) => finding.key))]);
    if (findings.length > 0 || look.unlisted === 0) continue;
    // All that was listed has ended well; the rest has not been looked at again yet.
    look = await check.look();
    findings = look.findings;
  }
  const unlisted = findings.length > 0 ? look.unlisted : 0;
  tally.add(check.guarantee, { checked: look.checked, count: findings.length + unlisted, findings });
}
