import { PARTICIPANT, PARTICIPANT_RACES } from '../detectors';
import type { Mutant } from './mutant';

const TRY = 'src/balances/try-holds.ts';
const END = 'src/balances/end-holds.ts';
const HOLDS = 'src/balances/holds-store.ts';

/** What a participant promises: the fence, the money held, insert or meet. */
export const PARTICIPANT_MUTANTS: readonly Mutant[] = [
  {
    name: 'cancel-leaves-no-tombstone',
    breaks: 'the fence: a Try that comes after its Cancel must find that it is late',
    edits: [
      {
        file: END,
        text: 'const tombstones = new Set((await deps.holds.insertTombstones(tx, each)).map(keyOf));',
        becomes: 'const tombstones = new Set<string>();',
      },
    ],
    detectors: [PARTICIPANT],
  },
  {
    name: 'try-passes-the-fence',
    breaks: 'the fence: a Try that meets a tombstone holds nothing and says so',
    edits: [
      {
        file: TRY,
        text: `if (hold.status === 'cancelled') return { kind: 'late' };`,
        becomes: `if (hold.status === 'cancelled') return { kind: 'held' };`,
      },
    ],
    detectors: [PARTICIPANT],
  },
  {
    name: 'confirm-applies-again',
    breaks: 'Confirm is idempotent: money moves once, however often it is confirmed',
    edits: [
      {
        file: END,
        text: `tx, distinct(keys));\n    const held = standing.filter(isHeld);`,
        becomes: `tx, distinct(keys));\n    const held = standing.filter((hold) => hold.status !== 'cancelled');`,
      },
    ],
    detectors: [PARTICIPANT],
  },
  {
    name: 'cancel-keeps-the-money',
    breaks: 'Cancel releases what Try has reserved',
    edits: [{ file: END, text: '\n      release(deps, tx, held);', becomes: '' }],
    detectors: [PARTICIPANT],
  },
  {
    name: 'try-reserves-nothing',
    breaks: 'what is held of an account cannot be spent a second time',
    edits: [
      {
        file: TRY,
        text: 'if (reservations.length > 0) deps.movements.reserve(tx, reservations);',
        becomes: '',
      },
    ],
    detectors: [PARTICIPANT],
  },
  {
    name: 'try-believes-any-content',
    breaks: 'a Try that comes again with other legs is a bug and is told so',
    edits: [
      {
        file: TRY,
        text: `return hold.content_hash === content ? { kind: 'held' } : { kind: 'mismatch' };`,
        becomes: `return hold.content_hash === content || content !== undefined ? { kind: 'held' } : { kind: 'mismatch' };`,
      },
    ],
    detectors: [PARTICIPANT],
  },
  {
    name: 'insert-or-meet-in-one-statement',
    breaks: 'a Cancel sees the Try that was committed while it waited: one statement sees what was there when it began',
    edits: [
      {
        file: HOLDS,
        text: `\`insert into \${table} (gid, branch, status, ended_at)
       select gid, branch, 'cancelled', clock_timestamp() from \${keys}
        where not \${cleanedOnce(schema, 'holds', 'k.gid')} order by gid, branch
       on conflict (gid, branch) do nothing
       returning gid, branch\``,
        becomes: `\`with inserted as (
         insert into \${table} (gid, branch, status, ended_at)
         select gid, branch, 'cancelled', clock_timestamp() from \${keys} order by gid, branch
         on conflict (gid, branch) do nothing
         returning gid, branch)
       select \${COLUMNS} from \${table} h join \${keys} using (gid, branch) order by h.gid, h.branch\``,
      },
      {
        file: END,
        text: `const tombstones = new Set((await deps.holds.insertTombstones(tx, each)).map(keyOf));
    const met = each.filter((key) => !tombstones.has(keyOf(key)));
    const standing = met.length === 0 ? [] : await deps.holds.lock(tx, met);`,
        becomes: `const standing = (await deps.holds.insertTombstones(tx, each)) as readonly Hold[];`,
      },
    ],
    detectors: [PARTICIPANT_RACES],
  },
  {
    name: 'try-reads-before-it-inserts',
    breaks: 'a Try that waited for another of its kind reads what that has committed: insert first, then read',
    edits: [
      {
        file: TRY,
        text: `  const [insertedKeys, accounts] = await Promise.all([`,
        becomes: `  const before = await deps.holds.read(tx, known);
  const [insertedKeys, accounts] = await Promise.all([`,
      },
      {
        file: TRY,
        text: `indexBy(await deps.holds.read(tx, met), keyOf);`,
        becomes: `indexBy(before, keyOf);`,
      },
    ],
    detectors: [PARTICIPANT_RACES],
  },
];
