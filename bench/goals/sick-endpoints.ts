import type { MerchantId } from '../../src/core/ids';
import { findFreePort } from '../../src/database/embedded/postmaster';
import { quantilesOf } from '../median';
import { ENDPOINTS } from '../merchant-calls';
import { callbacksOf, offerAll } from '../offered';
import { LOAD, number } from '../options';
import { onScene, settleAll, warmUp } from '../scene';
import type { Stage } from '../stage';
import { defineGoal } from './goal';

/** One in twenty hangs until the notifier gives up; one in twenty refuses, by turns with 500 and by a closed port. */
const EVERY = 20;
const REFUSES = EVERY / 2;

/** The delivery to endpoints that work, beside some that do not: from the decision to the arrival. */
export const sickEndpoints = defineGoal({
  name: 'sick-endpoints',
  about: 'notifications to healthy endpoints while 5 % of all hang and 5 % refuse, beside a run in which none does',
  figures: {
    per_second: { says: 'payments per second in both runs: half of the maximum', unit: '/s' },
    all_healthy_p50: { says: 'decision to delivery where all are healthy, p50', unit: 'ms' },
    all_healthy_p99: { says: 'decision to delivery where all are healthy, p99', unit: 'ms' },
    healthy_p50: { says: 'decision to delivery to healthy ones beside sick ones, p50', unit: 'ms' },
    healthy_p99: { says: 'decision to delivery to healthy ones beside sick ones, p99', unit: 'ms' },
    sick_calls: { says: 'calls to sick endpoints that answer at all or hang', unit: 'count' },
    p99_ratio: {
      says: 'decision to delivery beside sick endpoints, p99 of that without',
      unit: 'ratio',
      target: { is: 'at most', value: 1.5 },
    },
  },
  options: {
    callers: LOAD.callers,
    'warm-up': LOAD['warm-up'],
    payments: number(4_000, 1, 1_000_000, 'payments by which the maximum is measured'),
    endpoints: number(10_000, EVERY, 100_000, 'endpoints, one of each merchant'),
    'sick-seconds': number(30, 1, 250, 'how long each run lasts'),
  },
  round: async ({ stage, round, tell }, options) => {
    const load = { endpoints: options.endpoints, payments: options.payments, warmUp: options['warm-up'] };
    const how = { ...load, callers: options.callers, seconds: options['sick-seconds'] };
    const runs: Partial<Record<'healthy' | 'sick', Delivered>> = {};
    let perSecond: number | undefined;
    for (const kind of round % 2 === 0 ? (['healthy', 'sick'] as const) : (['sick', 'healthy'] as const)) {
      tell(`${options.endpoints} endpoints, ${kind === 'sick' ? 'one in ten of them sick' : 'all healthy'}`);
      const delivered: Delivered = await deliver(stage, { ...how, withSick: kind === 'sick', perSecond });
      // Both runs at one rate: that of whichever came first, measured with healthy endpoints alone.
      perSecond = delivered.perSecond;
      runs[kind] = delivered;
    }
    const { healthy, sick } = runs;
    if (healthy === undefined || sick === undefined) throw new Error('one of the two runs is missing');
    return {
      figures: {
        per_second: healthy.perSecond,
        all_healthy_p50: healthy.p50,
        all_healthy_p99: healthy.p99,
        healthy_p50: sick.p50,
        healthy_p99: sick.p99,
        sick_calls: sick.sickCalls,
        p99_ratio: sick.p99 / healthy.p99,
      },
      detail: runs,
    };
  },
});

interface Delivery {
  readonly endpoints: number;
  readonly payments: number;
  readonly warmUp: number;
  readonly callers: number;
  readonly seconds: number;
  readonly withSick: boolean;
  /** Undefined where it is to be measured. */
  readonly perSecond: number | undefined;
}

interface Delivered {
  readonly perSecond: number;
  /** Milliseconds from the payload's `timestamp`, taken in the transaction of the decision, until the merchant has it. */
  readonly p50: number;
  readonly p99: number;
  readonly sickCalls: number;
}

function deliver(stage: Stage, run: Delivery): Promise<Delivered> {
  const isSick = (index: number): boolean => run.withSick && index % REFUSES === 0;
  return onScene(
    stage,
    {},
    async ({ seed, merchantUrl, secret }) => {
      const closedUrl = `http://127.0.0.1:${await findFreePort()}`;
      const urlOf = (index: number): string =>
        isSick(index) ? sickUrl(index, merchantUrl, closedUrl) : `${merchantUrl}${ENDPOINTS.healthy}/${index}`;
      const merchants = await seed.merchants(run.endpoints, urlOf, secret);
      // What is settled before leaves the sick ones alone, so that it is the same in both runs.
      const well = merchants.filter((_, index) => index % REFUSES !== 0);
      const before = await seed.orders(run.warmUp, well);
      return { merchants, before, first: await seed.orders(run.payments, well) };
    },
    async (scene, { merchants, before, first }) => {
      await warmUp(scene, before, run.callers);
      const { settledPerSecond } = await settleAll(scene, first, run.callers);
      const perSecond = run.perSecond ?? settledPerSecond / 2;
      const phases = [{ perSecond, seconds: run.seconds }];
      const payments = await scene.seed.orders(callbacksOf(phases), merchants);
      const toHealthy = payments.filter((_, index) => !isSick(payeeOf(index, merchants))).length;
      const { callers } = run;
      const { arrivals } = await offerAll(scene, payments, { phases, connections: 1_500, callers, toHealthy });
      // Else the service, when it stops, waits for each answer that does not come.
      await scene.merchant.stop();
      return { perSecond, ...quantilesOf(arrivals.delayMs), sickCalls: arrivals.sick };
    },
  );
}

function sickUrl(index: number, merchantUrl: string, closedUrl: string): string {
  if (index % EVERY === 0) return `${merchantUrl}${ENDPOINTS.hanging}/${index}`;
  return `${index % (2 * EVERY) === REFUSES ? merchantUrl : closedUrl}${ENDPOINTS.failing}/${index}`;
}

/** As the seed gives them out: one merchant after the other in turn. */
function payeeOf(payment: number, merchants: readonly MerchantId[]): number {
  return payment % merchants.length;
}
