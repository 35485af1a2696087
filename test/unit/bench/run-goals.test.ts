import { type Round, defineGoal } from '../../../bench/goals/goal';
import { resultOf, runGoals } from '../../../bench/run-goals';
import type { Stage } from '../../../bench/stage';
import { formatResult, markdownTable } from '../../../bench/table';

const goal = (name: string, rounds: readonly (Round | Error)[]) => {
  const left = [...rounds];
  return defineGoal({
    name,
    about: 'what is promised',
    figures: {
      share: { says: 'a share', unit: 'ratio', target: { is: 'at least', value: 0.9 } },
      size: { says: 'a size', unit: 'MB', target: { is: 'below', value: 256 } },
      time: { says: 'a time', unit: 'ms' },
    },
    options: {},
    round: () => {
      const next = left.shift();
      return next instanceof Error || next === undefined
        ? Promise.reject(next ?? new Error('none'))
        : Promise.resolve(next);
    },
  });
};
const machine = { cores: 2, cpu: 'Fast', memoryGb: 8, node: '20.1.0', postgres: '18.1', date: '2026-01-31' };

it('figures are medians, and what was not measured is neither met nor missed', () => {
  const rounds = [
    { figures: { share: 0.8, time: 3 } },
    { figures: { share: 0.95, time: 1 } },
    { figures: { share: 1 } },
  ];
  const result = resultOf(goal('one', []), rounds);
  expect(result.figures).toEqual({ share: 0.95, time: 2 });
  expect(result.verdicts).toMatchObject([
    { figure: 'share', measured: 0.95, met: true },
    { figure: 'size', measured: undefined, met: undefined },
  ]);
  expect(formatResult(result)).toContain('target ≥ 0.9: yes');
  expect(formatResult(result)).toContain('target < 256 MB: not measured');
});

it.each([
  [{ share: 0.9, size: 255.9 }, [true, true]],
  [{ share: 0.8999, size: 256 }, [false, false]],
])('targets of %j are judged %j', (figures, met) => {
  expect(resultOf(goal('one', []), [{ figures }]).verdicts.map((verdict) => verdict.met)).toEqual(met);
});

it('a goal whose round fails has no figures, and the others go on', async () => {
  const good = goal('good', [{ figures: { share: 1 } }, { figures: { share: 0.5 } }]);
  const bad = goal('bad', [{ figures: { share: 1 } }, new Error('the audit found violations')]);
  const wanted = [bad, good].map((one) => ({ goal: one, values: {} }));
  const { results, failures } = await runGoals({} as Stage, wanted, 2, () => undefined);
  expect(results.map((result) => [result.goal.name, result.figures['share']])).toEqual([['good', 0.75]]);
  expect(failures).toEqual([{ goal: bad, reason: 'the audit found violations' }]);
});

it('the Markdown table has a row per target and says on what it was measured', () => {
  const result = resultOf(goal('one', []), [{ figures: { share: 0.95, size: 300 } }]);
  expect(markdownTable([result], machine).split('\n')).toEqual([
    '| goal | what    | target   | measured | met |',
    '| ---- | ------- | -------- | -------- | --- |',
    '| one  | a share | ≥ 0.9    | 0.95     | yes |',
    '| one  | a size  | < 256 MB | 300 MB   | no  |',
    '',
    '2 cores (Fast), 8 GB, Node 20.1.0, PostgreSQL 18.1, 2026-01-31. One round.',
    '',
  ]);
});
