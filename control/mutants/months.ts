import { MONTHS } from '../detectors';
import type { Mutant } from './mutant';

const SWEEP = 'jobs/make-months.ts';
const PARTITIONS = 'db/partitions.ts';
const BODIES = 'src/retention/bodies-store.ts';

/** What the partitions of months promise: they are there in time, refuse what their table refuses, and go as a whole. */
export const MONTHS_MUTANTS: readonly Mutant[] = [
  {
    name: 'months-are-not-made',
    breaks: 'every worker makes the months that are missing',
    edits: [{ file: SWEEP, text: 'const made = await make();', becomes: 'const made = await Promise.resolve(0);' }],
    detectors: [MONTHS],
  },
  {
    name: 'months-are-not-made-ahead',
    breaks: 'there are months for the time to come, so that none is missing when it begins',
    edits: [{ file: SWEEP, text: 'export const MONTHS_AHEAD = 2;', becomes: 'export const MONTHS_AHEAD = 0;' }],
    detectors: [MONTHS],
  },
  {
    name: 'no-spare-partition',
    breaks: 'no payment fails for want of a month: what no month takes lies in the spare partition',
    edits: [
      {
        file: PARTITIONS,
        text: `perform \${schema}.make_months('\${schema}.\${table}', 2);`,
        becomes: `perform \${schema}.make_months('\${schema}.\${table}', 2);
      drop table \${schema}.\${table}_default;`,
      },
    ],
    detectors: [MONTHS],
  },
  {
    name: 'spare-partition-stays-in-the-way',
    breaks: 'a month that has begun without its partition gets one: what lies in the spare one becomes it',
    edits: [{ file: PARTITIONS, text: 'if lowest < upper then', becomes: 'if lowest < upper and false then' }],
    detectors: [MONTHS],
  },
  {
    name: 'months-without-triggers',
    breaks: 'what the table refuses its months refuse too, whoever names them',
    edits: [{ file: PARTITIONS, text: 'perform ${schema}.copy_triggers(parent, made);', becomes: '' }],
    detectors: [MONTHS],
  },
  {
    name: 'retention-drops-no-month',
    breaks: 'a month whose bodies have all served their time is dropped as a whole',
    edits: [
      { file: BODIES, text: 'if (past === undefined) return', becomes: 'if (past !== undefined || days > 0) return' },
    ],
    detectors: [MONTHS],
  },
  {
    name: 'retention-drops-what-is-needed',
    breaks: 'a month stays as long as a body in it is needed',
    edits: [
      {
        file: BODIES,
        text: `where n.callback_id >= coalesce(m.lower, '\${LOWEST_ID}') and n.callback_id < m.upper)`,
        becomes: `where n.callback_id >= coalesce(m.lower, '\${LOWEST_ID}') and n.callback_id < m.lower)`,
      },
    ],
    detectors: [MONTHS],
  },
];
