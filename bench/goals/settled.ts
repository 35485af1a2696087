import { type Backend, type Spread, usable, withQueue } from '../backends';
import { type Floor, measureFloor } from '../floor';
import { type Measured, measure } from '../measure';
import { mediansOf } from '../medians';
import { LOAD, flag, number, oneOrAll } from '../options';
import { type Result, formatReport, report } from '../report';
import { defineGoal, known } from './goal';

const BACKENDS: readonly Backend[] = ['postgres', 'redis'];
const SPREADS: readonly Spread[] = ['spread', 'hot'];

/** Payments that are credited, booked and notified, beside one bare transaction per payment on the same server. */
export const settled = defineGoal({
  name: 'settled',
  about: 'settled payments per second beside one bare transaction per payment, spread and hot, on both queues',
  figures: {
    spread: { says: 'settled/s, spread', unit: '/s' },
    hot: { says: 'settled/s, one hot merchant', unit: '/s' },
    spread_of_floor: {
      says: 'settled/s spread, of the floor spread',
      unit: 'ratio',
      target: { is: 'at least', value: 1 },
    },
    hot_of_floor: { says: 'settled/s hot, of the floor hot', unit: 'ratio', target: { is: 'at least', value: 3 } },
    hot_of_spread: { says: 'settled/s hot, of spread', unit: 'ratio', target: { is: 'at least', value: 0.95 } },
    postgres_of_redis: {
      says: 'settled/s spread with the queue on PostgreSQL, of that on Redis',
      unit: 'ratio',
      target: { is: 'at least', value: 0.7 },
    },
  },
  options: {
    ...LOAD,
    backend: oneOrAll(BACKENDS, 'postgres or redis; both where there is a redis-server'),
    only: oneOrAll(SPREADS, 'spread or hot; both'),
    'floor-seconds': number(8, 0, 600, 'how long each floor is measured'),
    profile: flag('print what each statement costs in PostgreSQL (pg_stat_statements)'),
    'through-queue': flag('the service gives everything to the queue (QUEUE_EVERYTHING=true)'),
  },
  round: async ({ stage, round, tell }, options) => {
    const { callers, payments, merchants } = options;
    const runs: Measured[] = [];
    const floors: Floor[] = [];
    // In turns, so that neither always comes after what the other has left to be written and cleared away.
    for (const spread of round % 2 === 0 ? options.only : options.only.toReversed()) {
      if (options['floor-seconds'] > 0) {
        tell(`floor, ${spread}: one bare transaction per payment`);
        floors.push(await measureFloor(stage, spread, { merchants, seconds: options['floor-seconds'] }));
      }
      for (const backend of usable(options.backend, tell)) {
        tell(`${payments} payments, ${spread}, queue on ${backend}`);
        const load = { callers, payments, merchants, warmUp: options['warm-up'] };
        const how = { throughQueue: options['through-queue'], profile: options.profile };
        runs.push(
          await withQueue(backend, (redisUrl) => measure(stage, { backend, spread, redisUrl, ...load, ...how })),
        );
      }
    }
    const result = report({ callers, payments, merchants }, floors, runs);
    return { figures: figuresOf(result), detail: result };
  },
  summarize: (rounds: readonly Result[]) => {
    const result = mediansOf(rounds);
    return { text: formatReport(result), json: result };
  },
});

/** Of the queue on PostgreSQL, where that was measured. */
function figuresOf({ runs, hotOfSpread }: Result): Readonly<Record<string, number>> {
  const queue = runs.some((run) => run.backend === 'postgres') ? 'postgres' : 'redis';
  const run = (spread: Spread, backend: Backend = queue): Result['runs'][number] | undefined =>
    runs.find((one) => one.spread === spread && one.backend === backend);
  const redis = run('spread', 'redis')?.settledPerSecond;
  const postgres = run('spread', 'postgres')?.settledPerSecond;
  return known({
    spread: run('spread')?.settledPerSecond,
    hot: run('hot')?.settledPerSecond,
    spread_of_floor: run('spread')?.ofFloor,
    hot_of_floor: run('hot')?.ofFloor,
    hot_of_spread: hotOfSpread.find(({ backend }) => backend === queue)?.ratio,
    postgres_of_redis: redis === undefined || postgres === undefined ? undefined : postgres / redis,
  });
}
