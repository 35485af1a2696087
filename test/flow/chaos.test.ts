import { randomInt } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningProcess, runNode } from '../support/process';
import { hasRedis } from '../support/redis';
import { makeTemporaryFolder } from '../support/temporary-postgres';

const CHAOS = join(__dirname, '..', '..', 'chaos', 'run-chaos.ts');
const folders: string[] = [];
const running: RunningProcess[] = [];

function chaos(args: readonly string[]): RunningProcess & { readonly folder: string } {
  const folder = makeTemporaryFolder('chaos-test');
  folders.push(folder);
  const run = runNode([CHAOS, ...args], { env: { TMPDIR: folder } });
  running.push(run);
  return { ...run, folder };
}

afterAll(async () => {
  for (const { child, end } of running) if (child.exitCode === null && child.signalCode === null) await end('SIGTERM');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** What a test leaves for a person who looks into its failure stays; what is sound leaves nothing behind. */
const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('quittance-'));

describe('chaos for a minute', () => {
  const random = randomInt(1, 1_000_000_000);
  const RUNS: readonly (readonly string[])[] = [
    ['--seed', '4', '--seconds', '10', '--databases', 'four', '--queue', 'postgres'],
    ['--seed', '7', '--seconds', '20', '--queue', hasRedis() ? 'redis' : 'postgres'],
    ['--seed', String(random), '--seconds', '30'],
  ];
  // Side by side: most of the time a run waits for leases and deadlines.
  let runs: readonly ReturnType<typeof chaos>[] = [];
  beforeAll(() => {
    process.stderr.write(`chaos: the random seed is ${random}\n`);
    runs = RUNS.map((args) => chaos([...args, '--processes', '2', '--json']));
  });

  it.each(RUNS.map((args, index) => [args.join(' '), index] as const))(
    '%s: nothing is lost, nothing doubled',
    async (_, index) => {
      const run = runs[index]!;
      const code = await run.ended();
      const output = run.output();
      const text = output.slice(output.indexOf('{\n'), output.lastIndexOf('\n}') + 2);
      if (code !== 0) throw new Error(`it ended with ${code}:\n${output}`);
      const report = JSON.parse(text);
      expect(report).toMatchObject({ ok: true, lost: 0, doubled: 0, found: 0, findings: [], folder: null });
      expect(report.payments).toBeGreaterThan(20);
      expect(report.callbacks.acknowledged).toBeGreaterThan(report.payments - 1);
      expect(report.faults).toMatchObject({ kill: expect.any(Number), freeze: expect.any(Number) });
      expect(report.starts).toBeGreaterThan(2);
      expect(leftIn(run.folder)).toEqual([]);
    },
    400_000,
  );
});

describe('the command', () => {
  it.each([
    [['--seconds', '0'], '--seconds is "0"; expected a whole number from 1 to 86400'],
    [['--seed', 'lucky'], '--seed is "lucky"; expected a whole number from 0 to 4294967295'],
    [['--queue', 'kafka'], '--queue is "kafka"; expected postgres or redis or both-by-seed'],
    [['--databases', 'five'], '--databases is "five"; expected one or four'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j in one line', async (args, line) => {
    const run = chaos(args);
    expect(await run.ended()).toBe(2);
    expect(run.output()).toContain(line);
    expect(run.output().trim().split('\n')).toHaveLength(1);
  });

  it('stops everything when it is interrupted', async () => {
    const run = chaos(['--seconds', '30', '--processes', '2', '--queue', 'postgres']);
    while (!run.output().includes('payments begin') && run.child.exitCode === null) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await run.end('SIGINT')).toBe(130);
    expect(run.output()).toContain('interrupted');
    expect(leftIn(run.folder)).toEqual([]);
  }, 300_000);
});
