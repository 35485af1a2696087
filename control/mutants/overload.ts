import { OVERLOAD, TURNING_AWAY } from '../detectors';
import type { Mutant } from './mutant';

const TURN_AWAY = 'src/http/turn-away.ts';

/** What is promised where more comes than can be answered: a refusal at once, that says when to come again, and to nobody else. */
export const OVERLOAD_MUTANTS: readonly Mutant[] = [
  {
    name: 'nothing-is-turned-away',
    breaks: 'no more callbacks are let in than can be answered in time',
    edits: [{ file: TURN_AWAY, text: 'if (unanswered.count() < most) {', becomes: 'if (unanswered.count() >= 0) {' }],
    detectors: [TURNING_AWAY],
  },
  {
    name: 'turning-away-is-not-asked',
    breaks: 'the service asks for room before anything else is done for a callback',
    edits: [{ file: 'src/http/app.ts', text: 'deps.turnAway ?? pass,', becomes: 'pass,' }],
    detectors: [OVERLOAD],
  },
  {
    name: 'turned-away-without-retry-after',
    breaks: 'a bank that is turned away is told when to come again',
    edits: [{ file: TURN_AWAY, text: `'Retry-After': String(RETRY_AFTER_SECONDS),`, becomes: '' }],
    detectors: [TURNING_AWAY, OVERLOAD],
  },
  {
    name: 'what-hangs-keeps-its-room',
    breaks: 'callbacks that hang because a database is silent shut nobody out',
    edits: [
      {
        file: TURN_AWAY,
        text: 'while (slots[0] !== undefined && slots[0].since <= before) slots.shift();',
        becomes: 'while (slots[0] !== undefined && slots[0].since <= before && slots[0].open === 0) slots.shift();',
      },
    ],
    detectors: [TURNING_AWAY],
  },
  {
    name: 'the-answered-keep-their-room',
    breaks: 'each callback that is answered makes room for the next',
    edits: [{ file: TURN_AWAY, text: 'slot.open -= 1;', becomes: 'slot.open -= 0;' }],
    detectors: [TURNING_AWAY],
  },
];
