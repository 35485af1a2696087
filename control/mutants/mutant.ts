import type { Detector } from '../detectors';

/** One place of the source, as it stands and as it would stand without the protection. */
export interface Edit {
  readonly file: string;
  /** Must stand exactly once in the file. */
  readonly text: string;
  readonly becomes: string;
}

/** A protection, broken. */
export interface Mutant {
  readonly name: string;
  /** What is no longer true. */
  readonly breaks: string;
  readonly edits: readonly Edit[];
  /** Who must notice; each of them alone. */
  readonly detectors: readonly Detector[];
}
