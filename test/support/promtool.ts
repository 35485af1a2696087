import { spawnSync } from 'node:child_process';

const MISSING = 'no promtool (install: apt-get install --no-install-recommends prometheus)';

/** True where Prometheus' own tool can judge. On CI its absence is a failure and not a reason to skip. */
export function hasPromtool(): boolean {
  const found = spawnSync('promtool', ['--version']).status === 0;
  if (!found && process.env['CI'] === 'true') throw new Error(MISSING);
  return found;
}

/** `describe` where there is a promtool; else a skipped block whose name says why. */
export function describeWithPromtool(name: string, tests: () => void): void {
  if (hasPromtool()) describe(name, tests);
  else describe.skip(`${name} [skipped: ${MISSING}]`, tests);
}

/** What it says of this, and 0 where it has nothing against it. */
export function promtool(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string } = {},
): { readonly status: number | null; readonly output: string } {
  const ran = spawnSync('promtool', args, { ...options, encoding: 'utf8' });
  return { status: ran.status, output: ran.stdout + ran.stderr };
}
