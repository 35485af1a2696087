import { type Fault } from '../../../chaos/faults';
import { type PlanOptions, planChaos } from '../../../chaos/plan';
import { SCENARIOS, storyOf } from '../../../chaos/stories';

const OPTIONS: PlanOptions = { seed: 1, seconds: 60, processes: 3, queue: 'both-by-seed', databases: 'one' };
const plan = (changes: Partial<PlanOptions> = {}) => planChaos({ ...OPTIONS, ...changes });
const SEEDS = Array.from({ length: 200 }, (_, seed) => seed);

const endOf = (fault: Fault): number => fault.at + ('lastsMs' in fault ? fault.lastsMs : 0);

describe('the plan of a run', () => {
  it('is the same for the same seed, and another for another', () => {
    for (const seed of SEEDS) expect(plan({ seed })).toEqual(plan({ seed }));
    expect(new Set(SEEDS.map((seed) => JSON.stringify(plan({ seed })))).size).toBe(SEEDS.length);
  });

  it('has the same faults whatever keeps the queue, so that a run can be told by its report', () => {
    for (const seed of SEEDS) {
      const both = plan({ seed });
      expect(plan({ seed, queue: both.queue })).toEqual(both);
    }
    expect(new Set(SEEDS.map((seed) => plan({ seed }).queue))).toEqual(new Set(['postgres', 'redis']));
  });

  it('has every kind of fault within a minute', () => {
    const kinds = new Set(plan().faults.map(({ kind }) => kind));
    expect(kinds.size).toBe(14);
  });

  it('begins with a kill and a process that is frozen for longer than leases, also in ten seconds', () => {
    for (const seed of SEEDS) {
      const { faults } = plan({ seed, seconds: 10 });
      expect(faults.slice(0, 4).map(({ kind }) => kind)).toEqual(expect.arrayContaining(['kill', 'freeze', 'freeze']));
      const longest = Math.max(...faults.map((fault) => endOf(fault) - fault.at));
      expect(longest).toBeGreaterThan(20_000);
      expect(Math.max(...faults.map(({ at }) => at))).toBeLessThan(10_000);
    }
  });

  it('takes one of four servers away', () => {
    for (const seed of SEEDS) {
      const { faults } = plan({ seed, seconds: 10, databases: 'four' });
      expect(faults.slice(0, 5).map(({ kind }) => kind)).toContain('outage');
    }
  });

  it('leaves one process awake, and neither kills nor stops one that is frozen', () => {
    for (const seed of SEEDS) {
      const { faults } = plan({ seed, seconds: 300 });
      for (const frozen of faults) {
        if (frozen.kind !== 'freeze') continue;
        const isAt = (at: number) => (one: Fault) => one.kind === 'freeze' && one.at <= at && at < endOf(one);
        expect(faults.filter(isAt(frozen.at)).length).toBeLessThan(3);
        const meanwhile = faults.filter((one) => one.at > frozen.at && one.at < endOf(frozen));
        const hit = meanwhile.filter(({ kind }) => ['kill', 'restart', 'freeze', 'skew'].includes(kind));
        expect(hit.filter((one) => 'process' in one && one.process === frozen.process)).toEqual([]);
      }
    }
  });

  it('does with one process', () => {
    for (const seed of SEEDS) {
      for (const fault of plan({ seed, processes: 1 }).faults) {
        expect(fault.kind).not.toBe('freeze');
        if ('process' in fault) expect(fault.process).toBe(0);
      }
    }
  });

  it('keeps clocks within what a signature bears', () => {
    for (const seed of SEEDS) {
      for (const fault of plan({ seed }).faults) {
        if (fault.kind !== 'skew') continue;
        expect(Math.abs(fault.byMs)).toBeGreaterThanOrEqual(60_000);
        expect(Math.abs(fault.byMs)).toBeLessThanOrEqual(240_000);
      }
    }
  });
});

describe('stories', () => {
  it('are the same for the same seed and number', () => {
    for (const number of SEEDS) expect(storyOf(7, number)).toEqual(storyOf(7, number));
    expect(storyOf(7, 1)).not.toEqual(storyOf(8, 1));
  });

  it('are of every kind among a thousand', () => {
    const kinds = new Set(Array.from({ length: 1_000 }, (_, number) => storyOf(3, number).scenario));
    expect(kinds).toEqual(new Set(Object.keys(SCENARIOS)));
  });
});
