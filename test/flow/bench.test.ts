import { join } from 'node:path';
import { runNode } from '../support/process';

const BENCH = join(__dirname, '..', '..', 'bench', 'run-bench.ts');
const SMALL = ['--callers', '8', '--payments', '60', '--warm-up', '10', '--merchants', '5', '--floor-seconds', '1'];

describe('the bench', () => {
  it('settles payments beside the floor and prints figures of a run that the audit found sound', async () => {
    const run = runNode([BENCH, ...SMALL, '--backend', 'postgres', '--json']);
    const status = await run.ended();
    const text = run.output();
    if (status !== 0) throw new Error(text);
    const result = JSON.parse(text.slice(text.indexOf('{\n'), text.lastIndexOf('\n}') + 2));
    expect(result.floors.map((floor: { spread: string }) => floor.spread)).toEqual(['spread', 'hot']);
    expect(result.hotOfSpread).toHaveLength(1);
    for (const measured of result.runs) {
      expect(measured).toMatchObject({ backend: 'postgres', payments: 60, audit: 'sound' });
      for (const figure of ['acknowledgedPerSecond', 'settledPerSecond', 'ofFloor', 'p50', 'p95', 'p99'])
        expect(measured[figure]).toBeGreaterThan(0);
    }
  }, 400_000);

  it.each([
    [['--callers', '0'], '--callers is "0"; expected a whole number from 1 to 1500'],
    [['--backend', 'kafka'], '--backend is "kafka"; expected postgres or redis'],
    [['--speed'], "Unknown option '--speed'"],
  ])('refuses %j in one line', async (args, line) => {
    const run = runNode([BENCH, ...args]);
    expect(await run.ended()).toBe(1);
    expect(run.output()).toContain(line);
    expect(run.output().trim().split('\n')).toHaveLength(1);
  });
});
