import type { Backend, Spread } from './backends';
import { type Profile, beginProfile } from './profile';
import { type Scene, type Settled, onScene, settleSigned, warmUp } from './scene';
import type { Stage } from './stage';
import { type Usage, usageOf } from './usage';

export interface Measured extends Settled {
  readonly backend: Backend;
  readonly spread: Spread;
  readonly payments: number;
  readonly cpu: readonly { readonly who: string; readonly perPaymentMs: number; readonly memoryMb: number }[];
  readonly audit: 'sound';
  /** What the payments cost in PostgreSQL; null where that was not asked for. */
  readonly profile: Profile | null;
}

export interface Measurement {
  readonly backend: Backend;
  readonly spread: Spread;
  readonly redisUrl: string | undefined;
  readonly callers: number;
  readonly payments: number;
  readonly warmUp: number;
  readonly merchants: number;
  /** How many processes of the service share the calls; 1. */
  readonly processes?: number;
  /** Whether the service gives everything to the queue, as it does with what it does not keep up with. */
  readonly throughQueue: boolean;
  /** Whether PostgreSQL counts what each statement costs, which itself costs a little. */
  readonly profile: boolean;
}

/**
 * One run: sets up merchants and orders, warms up, then lets the bank call and waits until everything is done and every
 * merchant told.
 * @throws Error where a payment was lost or the audit finds a violation: such a run has no figure
 */
export async function measure(stage: Stage, run: Measurement): Promise<Measured> {
  const env = {
    QUEUE_EVERYTHING: String(run.throughQueue),
    ...(run.redisUrl === undefined ? {} : { REDIS_URL: run.redisUrl }),
  };
  return onScene(
    stage,
    { env, processes: run.processes ?? 1 },
    async ({ seed, merchantUrl, secret }) => {
      const merchants = await seed.merchants(run.spread === 'hot' ? 1 : run.merchants, () => merchantUrl, secret);
      return { before: await seed.orders(run.warmUp, merchants), payments: await seed.orders(run.payments, merchants) };
    },
    async (scene, { before, payments }) => {
      await warmUp(scene, before, run.callers);
      const { orders } = scene.database.pools.databases;
      const endProfile = run.profile ? await beginProfile(orders) : undefined;
      await scene.sign(payments);
      const usedBefore = usages(scene);
      const measured = await settleSigned(scene, payments.length, run.callers);
      const cpu = used(usedBefore, usages(scene), payments.length);
      const profile = (await endProfile?.()) ?? null;
      const { backend, spread } = run;
      return { backend, spread, payments: payments.length, ...measured, cpu, profile, audit: 'sound' };
    },
  );
}

function usages({ services, bank, merchant, postgresPid }: Scene): readonly (readonly [string, Usage | undefined])[] {
  return [
    ...services.map((service) => ['service', usageOf(service.pid)] as const),
    ['postgres', usageOf(postgresPid, { withChildren: true })],
    ['bank', usageOf(bank.pid)],
    ['merchant', usageOf(merchant.pid)],
  ];
}

function used(
  before: readonly (readonly [string, Usage | undefined])[],
  after: readonly (readonly [string, Usage | undefined])[],
  payments: number,
): Measured['cpu'] {
  return after.flatMap(([who, now], index) => {
    const then = before[index]?.[1];
    if (now === undefined || then === undefined) return [];
    const perPaymentMs = ((now.cpuSeconds - then.cpuSeconds) * 1_000) / payments;
    return [{ who, perPaymentMs, memoryMb: now.memoryMb }];
  });
}
