/**
 * The seed of property tests where nobody names one. By itself every run has a new one and finds what none before it has found; in CI
 * it is always the same, so that a change is not refused for what was wrong before it.
 */
export const DEFAULT_SEED: number | undefined = process.env['CI'] === 'true' ? 20_261_121 : undefined;
