import { CLAIMS, COORDINATOR } from '../detectors';
import type { Mutant } from './mutant';

const LOG = 'src/consistency/tcc/log-store.ts';
const COORDINATION = 'src/consistency/tcc/coordinator.ts';
const CLAIM = 'src/consistency/claims.ts';

/** What the log and its recoveries promise: one decision, and one at a time at work on it. */
export const COORDINATOR_MUTANTS: readonly Mutant[] = [
  {
    name: 'decision-without-compare-and-set',
    breaks: 'a transaction is decided only where nobody has abandoned it',
    edits: [
      {
        file: LOG,
        text: `where gid = any($1::uuid[]) and status = '\${from}' order by gid for update)`,
        becomes: `where gid = any($1::uuid[])\${name === 'decide' ? '' : \` and status = '\${from}'\`} order by gid for update)`,
      },
      {
        file: LOG,
        text: `from standing where t.gid = standing.gid and t.status = '\${from}'`,
        becomes: `from standing where t.gid = standing.gid\${name === 'decide' ? '' : \` and t.status = '\${from}'\`}`,
      },
    ],
    detectors: [COORDINATOR],
  },
  {
    name: 'abandon-without-compare-and-set',
    breaks: 'a transaction is abandoned only where nobody has decided it',
    edits: [
      {
        file: LOG,
        text: `where gid = any($1::uuid[]) and status = '\${from}' order by gid for update)`,
        becomes: `where gid = any($1::uuid[])\${name === 'abandon' ? '' : \` and status = '\${from}'\`} order by gid for update)`,
      },
      {
        file: LOG,
        text: `from standing where t.gid = standing.gid and t.status = '\${from}'`,
        becomes: `from standing where t.gid = standing.gid\${name === 'abandon' ? '' : \` and t.status = '\${from}'\`}`,
      },
    ],
    detectors: [COORDINATOR],
  },
  {
    name: 'late-try-taken-for-a-refusal',
    breaks: 'only a transaction that is still ours may change where the money goes',
    edits: [
      {
        file: COORDINATION,
        text: `if (kinds.has('late')) return { kind: 'late' };`,
        becomes: `if (kinds.has('late'))
    return { kind: 'refused', refusals: [{ participant: plan.branches[0]!.participant, account: plan.branches[0]!.legs[0]!.account, reason: 'closed' }] };`,
      },
    ],
    detectors: [COORDINATOR],
  },
  {
    name: 'confirm-before-the-decision',
    breaks: 'nothing is confirmed that is not decided',
    edits: [
      {
        file: COORDINATION,
        text: `const status = await moves.decide({ gid, plan, traceparent });`,
        becomes: `await each({ gid, plan, traceparent }, (step, key) => step.confirm({ gid, branch: key.branch, traceparent }));
      const status = await moves.decide({ gid, plan, traceparent });`,
      },
    ],
    detectors: [COORDINATOR],
  },
  {
    name: 'claim-without-lease',
    breaks: 'what one recovery works on is left alone by the others for as long as its lease',
    edits: [
      {
        file: CLAIM,
        text: `next_try_at = clock_timestamp() + $3::int * interval '1 millisecond', attempts`,
        becomes: `next_try_at = clock_timestamp() + 0 * $3::int * interval '1 millisecond', attempts`,
      },
    ],
    detectors: [CLAIMS],
  },
  {
    name: 'claim-without-token',
    breaks: 'a process that was stopped for longer than its lease cannot overwrite what its successor did',
    edits: [
      {
        file: CLAIM,
        text: 'where t.${t.key} = f.key and t.lease_token = $1 and',
        becomes: 'where t.${t.key} = f.key and $1::uuid is not null and',
      },
      {
        file: CLAIM,
        text: 'where ${t.key} = any($2::uuid[]) and lease_token = $1 and',
        becomes: 'where ${t.key} = any($2::uuid[]) and $1::uuid is not null and',
      },
    ],
    detectors: [CLAIMS],
  },
];
