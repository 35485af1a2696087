import type { Spread } from '../backends';
import { measure } from '../measure';
import { LOAD, number, oneOrAll } from '../options';
import { type Figure, defineGoal } from './goal';

const COUNTS = [1, 2, 4] as const;
const SPREADS: readonly Spread[] = ['spread', 'hot'];
const WORDS = { 1: 'one process', 2: 'two processes', 4: 'four processes' } as const;

const nameOf = (count: number, spread: Spread): string => `${spread}_${count}`;

/** Several processes of the service on one database, between which the bank's calls go round. */
export const processes = defineGoal({
  name: 'processes',
  about: 'settled payments per second of two and four processes on one database, of those of one',
  figures: Object.fromEntries(
    SPREADS.flatMap((spread) => [
      ...COUNTS.map((count): [string, Figure] => [
        nameOf(count, spread),
        { says: `settled/s ${spread}, ${WORDS[count]}`, unit: '/s' },
      ]),
      ...COUNTS.slice(1).map((count): [string, Figure] => [
        `${nameOf(count, spread)}_of_1`,
        { says: `settled/s ${spread}, ${WORDS[count]} of one`, unit: 'ratio' },
      ]),
    ]),
  ),
  options: {
    ...LOAD,
    payments: number(8_000, 1, 1_000_000, 'payments per run'),
    only: oneOrAll(SPREADS, 'spread or hot; both'),
    most: number(4, 2, 4, 'the most processes'),
  },
  round: async ({ stage, round, tell }, options) => {
    const figures: Record<string, number> = {};
    const counts = COUNTS.filter((count) => count <= options.most);
    for (const spread of options.only) {
      for (const count of round % 2 === 0 ? counts : counts.toReversed()) {
        tell(`${options.payments} payments, ${spread}, ${WORDS[count]}`);
        const { settledPerSecond } = await measure(stage, {
          ...{ backend: 'postgres', redisUrl: undefined, throughQueue: false, profile: false },
          ...{ callers: options.callers, payments: options.payments, merchants: options.merchants },
          ...{ spread, processes: count, warmUp: options['warm-up'] },
        });
        figures[nameOf(count, spread)] = settledPerSecond;
      }
      const one = figures[nameOf(1, spread)] ?? 0;
      for (const count of counts.slice(1))
        figures[`${nameOf(count, spread)}_of_1`] = (figures[nameOf(count, spread)] ?? 0) / one;
    }
    return { figures };
  },
});
