import fc, { type Parameters } from 'fast-check';
import { DEFAULT_SEED } from '../support/property-seed';

/**
 * How much the property tests of this folder do.
 *
 * - `MODEL_RUNS=10 npx jest test/models` runs each property ten times as often as the suite does.
 * - `MODEL_FIRST_IS_ENOUGH=yes` makes no counterexample smaller, for whoever only wants to know whether there is one.
 * - `MODEL_SEED=42` makes every property begin with that seed; without it each run has a new one, but for CI's.
 *
 * A property that fails prints its seed, the path to the smallest counterexample and the counterexample itself:
 * `MODEL_SEED=42 MODEL_PATH=3:0:1 npx jest test/models -t 'the name of the property'` runs that one alone.
 */
const FACTOR = Number(process.env['MODEL_RUNS'] ?? '1');
const SEED = process.env['MODEL_SEED'] ?? DEFAULT_SEED;
const PATH = process.env['MODEL_PATH'];
const FIRST_IS_ENOUGH = process.env['MODEL_FIRST_IS_ENOUGH'] !== undefined;

/** The parameters of a property that the suite runs `times` times. */
export function runs(times: number): Parameters<unknown> {
  return {
    numRuns: Math.max(1, Math.round(times * FACTOR)),
    ...(SEED === undefined ? {} : { seed: Number(SEED) }),
    ...(PATH === undefined ? {} : { path: PATH }),
    // Making a counterexample smaller ends in time for it to be printed.
    plugins: [fc.interruptAfterTimeLimit(PATIENCE_MS / 2)],
    endOnFailure: FIRST_IS_ENOUGH,
    includeErrorInReport: true,
  };
}

/** How long a property may take before jest gives up on it, in milliseconds. */
export const PATIENCE_MS = 240_000 * Math.max(1, FACTOR);
