import { join } from 'node:path';
import { runNode } from '../support/process';

const BENCH = join(__dirname, '..', '..', 'bench', 'run-bench.ts');
const SMALL = ['--callers', '8', '--payments', '60', '--warm-up', '10'];

async function resultOf(args: readonly string[]) {
  const run = runNode([BENCH, ...args, '--json']);
  const status = await run.ended();
  const text = run.output();
  if (status !== 0) throw new Error(text);
  // What the service warns of stands before it, in lines that are JSON too.
  return JSON.parse(text.slice(text.indexOf('{\n'), text.lastIndexOf('\n}') + 2));
}

describe('the bench', () => {
  it('settles payments beside the floor and prints figures of a run that the audit found sound', async () => {
    const floors = ['--merchants', '5', '--floor-seconds', '1'];
    const result = await resultOf([...SMALL, ...floors, '--backend', 'postgres']);
    expect(result.floors.map((floor: { spread: string }) => floor.spread)).toEqual(['spread', 'hot']);
    expect(result.hotOfSpread).toHaveLength(1);
    for (const measured of result.runs) {
      expect(measured).toMatchObject({ backend: 'postgres', payments: 60, audit: 'sound' });
      for (const figure of ['acknowledgedPerSecond', 'settledPerSecond', 'ofFloor', 'p50', 'p95', 'p99'])
        expect(measured[figure]).toBeGreaterThan(0);
    }
  }, 400_000);

  it('measures every other goal, each with its figures and the targets that it was held against', async () => {
    const brief = ['--calls', '10', '--half-seconds', '1', '--burst-seconds', '1', '--calm-seconds', '2'];
    const small = ['--endpoints', '20', '--sick-seconds', '1', '--soak-seconds', '1', '--later-starts', '1'];
    const past = ['--orders', '200', '--requests', '50'];
    const result = await resultOf([
      ...['answer', 'overload', 'sick-endpoints', 'memory', 'processes', 'start', 'scale'],
      ...[...SMALL, '--merchants', '5', ...brief, ...small, ...past, '--most', '2', '--only', 'hot'],
    ]);
    const figures = Object.fromEntries(
      result.goals.map((goal: { goal: string; figures: object }) => [goal.goal, goal.figures]),
    );
    const some = expect.any(Number);
    expect(figures).toMatchObject({
      answer: { of_three_commits: some, half_p99_of_p50: some },
      overload: { burst_of_maximum: some, turned_away: some },
      'sick-endpoints': { p99_ratio: some, sick_calls: some },
      memory: { settled: some },
      processes: { hot_2_of_1: some },
      start: { first: some, later: some },
      scale: { orders: 200, settled: some, query_p99: some },
    });
    for (const { targets } of result.goals)
      for (const { measured, met } of targets)
        expect(typeof met).toBe(measured === undefined ? 'undefined' : 'boolean');
    expect(result.machine).toMatchObject({ cores: some, node: process.versions.node, postgres: expect.any(String) });
  }, 600_000);

  it('lists its goals, one per line, with their targets', async () => {
    const run = runNode([BENCH, 'list']);
    expect(await run.ended()).toBe(0);
    expect(run.output()).toMatch(/^answer: .*≤ 2\.5.*≤ 10$/m);
    expect(run.output()).toMatch(/^start: .*< 5 s.*< 2 s$/m);
  });

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
