/**
 * How urgent an incident is. Critical: money or a guarantee is at stake and gets worse by waiting. High: somebody's money
 * waits. Medium: somebody was not told or not understood. Low: nobody loses anything today.
 */
export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** Something that an operator can do about it today; words in angle brackets are filled in from the incident. */
export interface IncidentAction {
  readonly about: string;
  readonly command: string;
}

export interface IncidentTraits {
  readonly severity: Severity;
  /** What happened, as a heading. */
  readonly title: string;
  /** Besides assigning it, noting what was found and resolving it, which every incident has. */
  readonly actions: readonly IncidentAction[];
}
