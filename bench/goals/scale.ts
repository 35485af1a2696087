import { type History, SIZES, fillHistory } from '../generator/fill';
import { LOAD, flag, number } from '../options';
import { type Answered, QUERIES, measureQueries } from '../queries';
import { CHANNEL, type Settled, onScene, settleAll, warmUp } from '../scene';
import type { Stage } from '../stage';
import { defineGoal } from './goal';

/** What was measured on one database. */
interface Side extends Answered {
  readonly settled: Settled;
  readonly sizes: readonly object[];
  readonly load?: object;
}

interface Run {
  readonly callers: number;
  readonly payments: number;
  readonly warmUp: number;
  readonly merchants: number;
  readonly requests: number;
}

/** The same load on a database without a past and on one with the history of a year. */
export const scale = defineGoal({
  name: 'scale',
  about: 'settled payments per second and answers to queries beside millions of orders, and beside none',
  figures: {
    orders: { says: 'orders of the history', unit: 'count' },
    settled_empty: { says: 'settled/s on an empty database', unit: '/s' },
    settled_full: { says: 'settled/s beside the history', unit: '/s' },
    settled: {
      says: 'settled/s beside the history, of the empty',
      unit: 'ratio',
      target: { is: 'at least', value: 0.9 },
    },
    query_p99_empty: { says: 'answer to a query on an empty database, p99', unit: 'ms' },
    query_p99_full: { says: 'answer to a query beside the history, p99', unit: 'ms' },
    query_p99: {
      says: 'p99 of a query beside the history, of the empty',
      unit: 'ratio',
      target: { is: 'at most', value: 1.5 },
    },
  },
  options: {
    ...LOAD,
    payments: number(8_000, 1, 1_000_000, 'payments per run'),
    orders: number(
      1_000_000,
      1,
      100_000_000,
      'paid orders of the history, 6.5 KB each; the targets are meant beside 10000000',
    ),
    days: number(365, 1, 3_650, 'days over which the history is spread'),
    'keep-all': flag('a history of which retention has cleaned nothing'),
    requests: number(1_000, 50, 100_000, 'requests of each query'),
  },
  round: async ({ stage, tell }, options) => {
    const { callers, payments, merchants, orders, days, requests, 'warm-up': first, 'keep-all': keepAll } = options;
    const run = { callers, payments, warmUp: first, merchants, requests };
    tell('an empty database');
    const empty = await measureSide(stage, run, undefined, tell);
    tell(`a history of ${orders} orders`);
    const full = await measureSide(stage, run, { orders, days, keepAll }, tell);
    return {
      figures: {
        orders,
        settled_empty: empty.settled.settledPerSecond,
        settled_full: full.settled.settledPerSecond,
        settled: full.settled.settledPerSecond / empty.settled.settledPerSecond,
        query_p99_empty: empty.p99,
        query_p99_full: full.p99,
        query_p99: full.p99 / empty.p99,
      },
      detail: { empty, full },
    };
  },
  summarize: (rounds: readonly { readonly empty: Side; readonly full: Side }[]) => {
    const [last] = rounds.slice(-1);
    const lines = QUERIES.map((query) => {
      const [empty, full] = [last?.empty.each[query], last?.full.each[query]];
      const shown = (side: { p50: number; p99: number } | undefined): string =>
        `${(side?.p50 ?? 0).toFixed(1).padStart(8)}${(side?.p99 ?? 0).toFixed(1).padStart(8)}`;
      return `${query.padEnd(30)}${shown(empty)}${shown(full)}`;
    });
    const head = `${'ms'.padEnd(30)}${['p50', 'p99', 'p50', 'p99'].map((one) => one.padStart(8)).join('')}`;
    return { text: `empty, then beside the history\n${[head, ...lines].join('\n')}\n`, json: { rounds } };
  },
});

function measureSide(
  stage: Stage,
  run: Run,
  history: History | undefined,
  tell: (line: string) => void,
): Promise<Side> {
  return onScene(
    stage,
    {},
    async ({ database, seed, merchantUrl, secret }) => {
      const merchants = await seed.merchants(run.merchants, () => merchantUrl, secret);
      const filled =
        history === undefined ? undefined : await fillHistory(database, { channel: CHANNEL, merchants }, history, tell);
      return {
        load: filled,
        before: await seed.orders(run.warmUp, merchants),
        payments: await seed.orders(run.payments, merchants),
      };
    },
    async (scene, { before, payments, load }) => {
      await warmUp(scene, before, run.callers);
      const settled = await settleAll(scene, payments, run.callers);
      const { database } = scene;
      const answered = await measureQueries(database, scene.services[0]?.port ?? 0, {
        requests: run.requests,
        connections: 4,
      });
      const sizes = await database.pools.databases.orders.query(SIZES);
      return { settled, sizes, ...answered, ...(load === undefined ? {} : { load }) };
    },
  );
}
