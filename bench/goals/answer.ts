import type { MerchantId } from '../../src/core/ids';
import { openCommitter } from '../commits';
import { median, quantilesOf } from '../median';
import { between, callbacksOf, offerAll } from '../offered';
import { LOAD, number } from '../options';
import { type Scene, onScene, settleAll, warmUp } from '../scene';
import { type GoalContext, defineGoal } from './goal';

/** In turns with the commits, so that both have the same machine; the ratio is the median of the turns' ratios. */
const TURNS = 5;

/** How long a bank waits for its answer: alone, beside what must be committed for it, and at half of what can be done. */
export const answer = defineGoal({
  name: 'answer',
  about: 'the time of the answer to one caller beside three commits in a row, and at half of the maximum rate',
  figures: {
    one_caller_p50: { says: 'answer to one caller, p50', unit: 'ms' },
    three_commits_p50: {
      says: 'three small durable inserts in a row (one connection, prepared, Node), p50',
      unit: 'ms',
    },
    of_three_commits: {
      says: 'answer to one caller, p50 of three commits in a row',
      unit: 'ratio',
      target: { is: 'at most', value: 2.5 },
    },
    maximum: { says: 'settled/s at most (closed loop)', unit: '/s' },
    half_p50: { says: 'answer at half of the maximum, p50', unit: 'ms' },
    half_p99: { says: 'answer at half of the maximum, p99', unit: 'ms' },
    half_p99_of_p50: {
      says: 'answer at half of the maximum, p99 of p50',
      unit: 'ratio',
      target: { is: 'at most', value: 10 },
    },
  },
  options: {
    ...LOAD,
    payments: number(8_000, 1, 1_000_000, 'payments by which the maximum is measured'),
    calls: number(1_000, TURNS, 100_000, 'calls of the one caller'),
    'half-seconds': number(20, 1, 250, 'how long callbacks come at half of the maximum'),
  },
  round: (context, options) =>
    onScene(
      context.stage,
      {},
      async ({ seed, merchantUrl, secret }) => {
        const merchants = await seed.merchants(options.merchants, () => merchantUrl, secret);
        return { merchants, before: await seed.orders(options['warm-up'], merchants) };
      },
      async (scene, { merchants, before }) => {
        await warmUp(scene, before, options.callers);
        const alone = await oneCaller(context, scene, merchants, options.calls);
        context.tell(`${options.payments} payments, ${options.callers} callers: the maximum`);
        const most = await settleAll(scene, await scene.seed.orders(options.payments, merchants), options.callers);
        const half = await atHalf(context, scene, merchants, {
          perSecond: most.settledPerSecond / 2,
          seconds: options['half-seconds'],
          callers: options.callers,
        });
        return {
          figures: {
            one_caller_p50: median(alone.map((turn) => turn.answerMs)),
            three_commits_p50: median(alone.map((turn) => turn.commitsMs)),
            of_three_commits: median(alone.map((turn) => turn.answerMs / turn.commitsMs)),
            maximum: most.settledPerSecond,
            half_p50: half.p50,
            half_p99: half.p99,
            half_p99_of_p50: half.p99 / half.p50,
          },
          detail: { turns: alone, most, half },
        };
      },
    ),
});

async function oneCaller(
  { stage, tell }: GoalContext,
  scene: Scene,
  merchants: readonly MerchantId[],
  calls: number,
): Promise<readonly { readonly answerMs: number; readonly commitsMs: number }[]> {
  tell(`${calls} payments, one caller, in turns with three commits in a row`);
  const each = Math.floor(calls / TURNS);
  const committer = await openCommitter(stage);
  try {
    const turns: { answerMs: number; commitsMs: number }[] = [];
    while (turns.length < TURNS) {
      const payments = await scene.seed.orders(each, merchants);
      const commitsMs = await committer.threeInARow(each);
      const { p50 } = await settleAll(scene, payments, 1);
      turns.push({ answerMs: p50, commitsMs });
    }
    return turns;
  } finally {
    await committer.close();
  }
}

async function atHalf(
  { tell }: GoalContext,
  scene: Scene,
  merchants: readonly MerchantId[],
  how: { readonly perSecond: number; readonly seconds: number; readonly callers: number },
): Promise<{ readonly p50: number; readonly p99: number; readonly notAtOnce: number }> {
  const phases = [{ perSecond: how.perSecond, seconds: how.seconds }];
  tell(`${Math.round(how.perSecond)} payments per second for ${how.seconds} s: half of the maximum`);
  const payments = await scene.seed.orders(callbacksOf(phases), merchants);
  const offered = await offerAll(scene, payments, { phases, connections: CONNECTIONS, callers: how.callers });
  const { tookMsOf } = between(offered, 0, Infinity);
  return { ...quantilesOf(tookMsOf('acknowledged')), notAtOnce: offered.left };
}

/** Enough that the bank never waits for one at half of the maximum. */
const CONNECTIONS = 1_500;
