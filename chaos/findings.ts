/**
 * What a run may find against the service.
 * - `lost`: money that was acknowledged, or of which a merchant must be told, and is not there.
 * - `doubled`: the same twice. `forged`: something that nobody genuine has said. `answer`: an answer that nobody should get.
 */
export const FINDING_KINDS = [
  'lost',
  'doubled',
  'forged',
  'answer',
  'disagreement',
  'audit',
  'process',
  'quiet',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly sentence: string;
}

export interface Findings {
  add(kind: FindingKind, sentence: string): void;
  count(kind: FindingKind): number;
  /** All kinds together. */
  total(): number;
  /** The first of each kind. */
  list(): readonly Finding[];
}

/** Of each kind so many sentences are kept, so that a broken service does not fill the memory; all are counted. */
const KEPT = 20;

export function createFindings(): Findings {
  const counts = new Map<FindingKind, number>();
  const kept: Finding[] = [];
  const count = (kind: FindingKind): number => counts.get(kind) ?? 0;
  return {
    add: (kind, sentence) => {
      counts.set(kind, count(kind) + 1);
      if (count(kind) <= KEPT) kept.push({ kind, sentence });
    },
    count,
    total: () => FINDING_KINDS.reduce((sum, kind) => sum + count(kind), 0),
    list: () => kept,
  };
}
