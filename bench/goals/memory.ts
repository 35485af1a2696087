import { performance } from 'node:perf_hooks';
import type { MerchantId } from '../../src/core/ids';
import { median } from '../median';
import { LOAD, number } from '../options';
import { type Scene, onScene, settleAll, warmUp } from '../scene';
import { type MemorySample, peakMemoryOf, watchMemory } from '../usage';
import { defineGoal, known } from './goal';

const SAMPLE_MS = 500;

/** What one process takes while it does as much as it can, and whether that grows. */
export const memory = defineGoal({
  name: 'memory',
  about: 'resident memory of one process under full load for a while, and its growth',
  figures: {
    settled: { says: 'settled/s over the whole time', unit: '/s' },
    peak: { says: 'resident memory at its peak', unit: 'MB', target: { is: 'below', value: 256 } },
    steady: {
      says: 'resident memory in the last quarter, median',
      unit: 'MB',
      target: { is: 'below', value: 256 },
    },
    growth: { says: 'resident memory in the last quarter, of that in the second', unit: 'ratio' },
  },
  options: {
    ...LOAD,
    payments: number(10_000, 1, 1_000_000, 'payments that are signed at once; the next are made ready meanwhile'),
    'soak-seconds': number(600, 1, 86_400, 'how long the full load lasts'),
  },
  round: ({ stage, tell }, options) =>
    onScene(
      stage,
      {},
      async ({ seed, merchantUrl, secret }) => {
        const merchants = await seed.merchants(options.merchants, () => merchantUrl, secret);
        return { merchants, before: await seed.orders(options['warm-up'], merchants) };
      },
      async (scene, { merchants, before }) => {
        await warmUp(scene, before, options.callers);
        tell(`${options.callers} callers for ${options['soak-seconds']} s`);
        const pid = scene.services[0]?.pid ?? 0;
        const watch = watchMemory(pid, SAMPLE_MS);
        const { callers, payments, 'soak-seconds': seconds } = options;
        const settled = await soak(scene, merchants, { callers, payments, seconds });
        const samples = watch.stop();
        const [second, last] = [quarter(samples, 1), quarter(samples, 3)];
        return {
          figures: known({
            settled,
            peak: peakMemoryOf(pid),
            steady: last,
            growth: last === undefined || second === undefined ? undefined : last / second,
          }),
          detail: { everyMs: SAMPLE_MS, memoryMb: samples.map((sample) => Math.round(sample.memoryMb)) },
        };
      },
    ),
});

/** While one lot is settled the next is made ready, so that the service waits for nothing but its last payments. */
async function soak(
  scene: Scene,
  merchants: readonly MerchantId[],
  { callers, payments, seconds }: { readonly callers: number; readonly payments: number; readonly seconds: number },
): Promise<number> {
  let ready = await scene.seed.orders(payments, merchants);
  const startedAt = performance.now();
  const elapsed = (): number => (performance.now() - startedAt) / 1_000;
  let done = 0;
  while (elapsed() < seconds) {
    const [next] = await Promise.all([scene.seed.orders(payments, merchants), settleAll(scene, ready, callers)]);
    ready = next;
    done += payments;
  }
  return done / elapsed();
}

/** The median of a quarter of the samples, from 0; undefined where there are none. */
function quarter(samples: readonly MemorySample[], index: number): number | undefined {
  const some = samples.slice((samples.length * index) / 4, (samples.length * (index + 1)) / 4);
  return some.length === 0 ? undefined : median(some.map(({ memoryMb }) => memoryMb));
}
