import type { Outcome } from '../bank-calls';
import { quantilesOf } from '../median';
import { between, callbacksOf, offerAll, recoveredAfter, secondsOf } from '../offered';
import { LOAD, number } from '../options';
import { onScene, settleAll, warmUp } from '../scene';
import { type MemorySample, watchMemory } from '../usage';
import { defineGoal, known } from './goal';

/**
 * Three times what can be done, between two spells of half of it. The maximum is measured with more callers than elsewhere,
 * because longer lists settle more per second, and a burst makes the longest.
 */
export const overload = defineGoal({
  name: 'overload',
  about: 'three times the maximum rate for a while, from a bank that repeats what is refused only afterwards',
  figures: {
    maximum: { says: 'settled/s at most (closed loop)', unit: '/s' },
    burst: { says: 'settled/s during the burst (merchants told)', unit: '/s' },
    burst_of_maximum: {
      says: 'settled/s during the burst, of the maximum',
      unit: 'ratio',
      target: { is: 'at least', value: 0.9 },
    },
    turned_away: { says: 'callbacks of the burst that were not acknowledged', unit: 'ratio' },
    put_off: {
      says: 'of those: answered 503 with Retry-After',
      unit: 'ratio',
      target: { is: 'at least', value: 1 },
    },
    dropped: { says: 'of those: connection closed without an answer', unit: 'ratio' },
    put_off_p50: { says: '503 with Retry-After after it was due, p50', unit: 'ms' },
    put_off_p99: { says: '503 with Retry-After after it was due, p99', unit: 'ms' },
    dropped_p99: { says: 'connection closed after the callback was due, p99', unit: 'ms' },
    burst_p50: { says: 'acknowledged during the burst, p50', unit: 'ms' },
    burst_p99: { says: 'acknowledged during the burst, p99', unit: 'ms' },
    memory_before: { says: 'memory of the service, peak before the burst', unit: 'MB' },
    memory_burst: { says: 'memory of the service, peak from the burst on', unit: 'MB' },
    before_p50: { says: 'answer at half of the maximum before, p50', unit: 'ms' },
    before_p99: { says: 'answer at half of the maximum before, p99', unit: 'ms' },
    after_p50: { says: 'answer at half of the maximum in the second half after it, p50', unit: 'ms' },
    after_p99: { says: 'answer at half of the maximum in the second half after it, p99', unit: 'ms' },
    recovered_after: {
      says: 'p50 and p99 are as before after the burst',
      unit: 's',
      target: { is: 'at most', value: 5 },
    },
  },
  options: {
    ...LOAD,
    callers: number(512, 1, 1_500, 'callbacks under way at once while the maximum is measured'),
    payments: number(8_000, 1, 1_000_000, 'payments by which the maximum is measured'),
    'burst-times': number(3, 2, 100, 'how many times the maximum is offered in the burst'),
    'burst-seconds': number(10, 1, 100, 'how long that is offered'),
    'calm-seconds': number(12, 2, 100, 'how long half of the maximum is offered before and after it'),
    connections: number(4_000, 1, 15_000, 'the most connections of the bank'),
  },
  round: ({ stage, tell }, options) =>
    onScene(
      stage,
      {},
      async ({ seed, merchantUrl, secret }) => {
        const merchants = await seed.merchants(options.merchants, () => merchantUrl, secret);
        const before = await seed.orders(options['warm-up'], merchants);
        return { merchants, before, payments: await seed.orders(options.payments, merchants) };
      },
      async (scene, { merchants, before, payments }) => {
        await warmUp(scene, before, options.callers);
        tell(`${options.payments} payments, ${options.callers} callers: the maximum`);
        const { settledPerSecond: most } = await settleAll(scene, payments, options.callers);
        const calm = { perSecond: most / 2, seconds: options['calm-seconds'] };
        const phases = [calm, { perSecond: most * options['burst-times'], seconds: options['burst-seconds'] }, calm];
        const burst = await scene.seed.orders(callbacksOf(phases), merchants);
        tell(`payments per second: ${phases.map(({ perSecond }) => Math.round(perSecond)).join(', then ')}`);
        const memory = watchMemory(scene.services[0]?.pid ?? 0, 200);
        const { connections, callers } = options;
        const offered = await offerAll(scene, burst, { phases, connections, callers });
        return judged({ offered, samples: memory.stop(), most, calm: calm.seconds, burst: options['burst-seconds'] });
      },
    ),
});

interface Seen {
  readonly offered: Awaited<ReturnType<typeof offerAll>>;
  readonly samples: readonly MemorySample[];
  readonly most: number;
  /** Seconds. */
  readonly calm: number;
  readonly burst: number;
}

function judged({ offered, samples, most, calm, burst }: Seen): {
  figures: Readonly<Record<string, number>>;
  detail: object;
} {
  const [from, to, end] = [calm, calm + burst, calm + burst + calm];
  const { outcomes, tookMsOf } = between(offered, from * 1_000, to * 1_000);
  const [before, after] = [secondsOf(offered, 0, from), secondsOf(offered, to, end)];
  const beginsAt = offered.startedAt + from * 1_000;
  const told = offered.arrivals.at.filter((at) => at >= beginsAt && at < beginsAt + burst * 1_000).length;
  const away = outcomes.filter((outcome) => outcome !== 'acknowledged');
  const share = (outcome: Outcome): number | undefined =>
    away.length === 0 ? undefined : away.filter((one) => one === outcome).length / away.length;
  const quantiles = (outcome: Outcome): { p50: number; p99: number } | undefined => {
    const tookMs = tookMsOf(outcome);
    return tookMs.length === 0 ? undefined : quantilesOf(tookMs);
  };
  const during = quantilesOf(tookMsOf('acknowledged'));
  const answers = (fromSecond: number, toSecond: number): { p50: number; p99: number } =>
    quantilesOf(between(offered, fromSecond * 1_000, toSecond * 1_000).tookMsOf('acknowledged'));
  const [calmBefore, calmAfter] = [answers(0, from), answers(to + calm / 2, end)];
  const peak = (of: readonly MemorySample[]): number | undefined =>
    of.length === 0 ? undefined : Math.max(...of.map(({ memoryMb }) => memoryMb));
  return {
    figures: known({
      maximum: most,
      burst: told / burst,
      burst_of_maximum: told / burst / most,
      turned_away: away.length / Math.max(1, outcomes.length),
      put_off: share('put_off'),
      dropped: share('dropped'),
      put_off_p50: quantiles('put_off')?.p50,
      put_off_p99: quantiles('put_off')?.p99,
      dropped_p99: quantiles('dropped')?.p99,
      burst_p50: during.p50,
      burst_p99: during.p99,
      memory_before: peak(samples.filter(({ at }) => at < beginsAt)),
      memory_burst: peak(samples.filter(({ at }) => at >= beginsAt)),
      before_p50: calmBefore.p50,
      before_p99: calmBefore.p99,
      after_p50: calmAfter.p50,
      after_p99: calmAfter.p99,
      recovered_after: recoveredAfter(before, after),
    }),
    detail: { before, during: secondsOf(offered, from, to), after },
  };
}
