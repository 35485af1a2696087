import { FIRST_ATTEMPTS } from '../detectors';
import type { Mutant } from './mutant';

const ANNOUNCE = 'src/notifications/announce.ts';

/** What is promised of attempts that begin with their notification. */
export const FIRST_ATTEMPT_MUTANTS: readonly Mutant[] = [
  {
    name: 'sent-before-it-is-committed',
    breaks: 'a merchant is told of nothing that is not committed',
    edits: [
      {
        file: ANNOUNCE,
        text: '    inserting.catch(heardByTheTransaction);',
        becomes: `    inserting.catch(heardByTheTransaction);
    if (beginning !== undefined) void sendThose(beginning, inserting);`,
      },
    ],
    detectors: [FIRST_ATTEMPTS],
  },
  {
    name: 'place-kept-for-nothing',
    breaks: 'an endpoint gets back the place that was kept for what was not committed',
    edits: [
      {
        file: ANNOUNCE,
        text: `      failed: () => {
        giveBack(beginning);
      },`,
        becomes: '      failed: () => undefined,',
      },
    ],
    detectors: [FIRST_ATTEMPTS],
  },
  {
    name: 'failed-decision-keeps-places',
    breaks: 'an endpoint gets back the places that were kept for a decision that failed',
    edits: [
      {
        file: 'src/consistency/tcc/moves.ts',
        text: '    afterwards.failed?.();',
        becomes: '    void afterwards;',
      },
    ],
    detectors: [FIRST_ATTEMPTS],
  },
  {
    name: 'announced-twice-sent-twice',
    breaks: 'what was announced before is not sent again',
    edits: [
      {
        file: ANNOUNCE,
        text: 'if (inserted.has(attempt.notification.id)) first.send(place, attempt);',
        becomes: 'if (inserted.size >= 0) first.send(place, attempt);',
      },
    ],
    detectors: [FIRST_ATTEMPTS],
  },
  {
    name: 'first-attempt-without-a-lease',
    breaks: 'nobody else takes a notification whose first attempt is under way',
    edits: [{ file: ANNOUNCE, text: 'delayMs: againAfterMs ?? delayMs,', becomes: 'delayMs,' }],
    detectors: [FIRST_ATTEMPTS],
  },
];
