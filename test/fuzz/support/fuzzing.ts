import type { Parameters } from 'fast-check';
import { DEFAULT_SEED } from '../../support/property-seed';

/**
 * How long to look, and where from: in CI from one seed, else from a new one each time. A failure prints fast-check's seed and
 * path; `FUZZ_SEED` (and `FUZZ_PATH`) run just that again. `FUZZ_FACTOR=20` runs twenty times as much.
 */
const FACTOR = numberOf('FUZZ_FACTOR') ?? 1;
const SEED = numberOf('FUZZ_SEED') ?? DEFAULT_SEED;
const PATH = process.env['FUZZ_PATH'];

/** @param runs how many inputs are tried where nobody asks for more */
export function fuzz(runs: number): Parameters<unknown> {
  return {
    numRuns: timesFactor(runs),
    ...(SEED === undefined ? {} : { seed: SEED }),
    ...(PATH === undefined ? {} : { path: PATH }),
  };
}

export function timesFactor(count: number): number {
  return Math.max(1, Math.round(count * FACTOR));
}

/** How long jest lets one test of a fuzzing file run. */
export const PATIENCE_MS = Math.max(60_000, 120_000 * FACTOR);

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Error(`${name} is "${text}", which is no number`);
  return value;
}
