import { setTimeout as wait } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase } from '../databases';
import { type MerchantServer, startMerchantServer } from '../merchant-server';
import { serviceSetup } from '../service-world';
import { createAdyenBank } from '../vendor-callbacks';
import type { World } from '../world';
import type { CrashCase, Revival } from './crash-cases';
import { mustBeDecided, mustBeSettled, mustBeSettledOrAbsent, mustBeTold } from './crash-checks';
import { type Extra, prepareExtra, statusReached } from './crash-extras';
import { type CrashScene, prepareLoad, repeatLoad, sendLoad } from './crash-load';
import type { Death } from './mortal-boundaries';
import { type MortalProcess, startMortal } from './mortal-process';

/** One database on which one process after the other does its work and dies. */
export interface CrashLane {
  /** @throws where anything is not as it should be after the deaths of this case */
  run(one: CrashCase): Promise<void>;
  /** The points that its processes have come to, and what they did that no point covers. */
  seen(): { readonly passed: ReadonlySet<string>; readonly complaints: readonly string[] };
  close(): Promise<void>;
}

/**
 * The process that recovers what the one before has left is the one that dies next: a hundred deaths need a hundred and one
 * starts.
 */
export async function startCrashLane(entry: string, queueEverything: boolean): Promise<CrashLane> {
  const database = await createTestDatabase();
  const { env, look } = serviceSetup({
    DATABASE_URL: database,
    DATABASE_POOL_SIZE: '5',
    PORT: '0',
    QUEUE_EVERYTHING: String(queueEverything),
    QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
    LOG_LEVEL: 'error',
  });
  const world = await look(database);
  const [server, moody] = [await startMerchantServer(), await startMerchantServer()];
  const scene = await setScene(world, server);
  const processes: MortalProcess[] = [];
  const start = (diesAt?: Death): MortalProcess => {
    const started = startMortal({ entry, env, ...(diesAt === undefined ? {} : { diesAt }) });
    processes.push(started);
    return started;
  };
  let living: MortalProcess | undefined;

  const revive = async ({ dies, given }: Revival): Promise<void> => {
    await makeDue(world);
    for (const text of given?.before ?? []) await world.query(text);
    const doomed = start(dies);
    try {
      await doomed.mustDieAt(dies);
    } finally {
      await doomed.kill();
      for (const text of given?.after ?? []) await world.query(text);
    }
  };

  const run = async ({ dies, extra, then }: CrashCase): Promise<void> => {
    living ??= start();
    const doomed = living;
    const url = await doomed.url;
    await quiet(world);
    const load = await prepareLoad(world, scene);
    const beside: Extra | undefined =
      extra === undefined ? undefined : await prepareExtra(extra, { world, scene, moody, url });
    await doomed.warn(dies);
    const [acknowledged] = await Promise.all([
      sendLoad(url, load, scene.merchant),
      ...(beside?.send(url) ?? []),
      doomed.mustDieAt(dies),
    ]);
    beside?.heal();
    await mustBeDecided(world, acknowledged);
    for (const revival of then) await revive(revival);

    await makeDue(world);
    living = start();
    const healthy = await living.url;
    await quiet(world);
    await mustBeSettledOrAbsent(world, load, acknowledged);
    await Promise.all([repeatLoad(healthy, load, scene.merchant), ...(beside?.send(healthy) ?? [])]);
    await quiet(world);
    await mustBeSettled(world, load);
    await mustBeTold(world, load, scene.merchant, server);
    if (beside !== undefined) await statusReached(world, beside.ends.merchant, beside.ends.status, beside.ends.count);
    await world.mustBeSound();
  };

  return {
    run: async (one) => {
      try {
        await run(one);
      } catch (error) {
        // The next case begins with a process that nobody has told where to die.
        await living?.kill();
        living = undefined;
        await makeDue(world);
        throw error;
      }
    },
    seen: () => ({
      passed: new Set(processes.flatMap((one) => one.passed())),
      complaints: processes.flatMap((one) => one.complaints()),
    }),
    close: async () => {
      for (const one of processes) await one.kill();
      await Promise.all([server.close(), moody.close()]);
      await world.stop();
      await dropTestDatabase(database);
    },
  };
}

async function setScene(world: World, server: MerchantServer): Promise<CrashScene> {
  const merchant = await world.merchant();
  const bank = createAdyenBank();
  const [standard, adyen] = [await world.channel(), await world.channel(bank)];
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
  const frozen = await world.order(merchant, { customer: 'frozen' });
  await world.send(standard, world.paid(standard, frozen)).expect(204);
  const { data } = await world.admin('get', '/points-accounts?kind=customer');
  await world.admin('post', `/points-accounts/${data[0].id}/freeze`);
  await makeDue(world);
  return { merchant, standard, adyen: { ...adyen, bank }, frozen: 'frozen' };
}

/** Waits until nothing is under way; looks seldom, because many look at once. */
async function quiet(world: World): Promise<void> {
  for (let round = 0; round < 1_200; round += 1) {
    if (await world.isQuiet()) return;
    await wait(100);
  }
  await world.quiet(0);
}

/** Nobody is alive: what the dead had taken for themselves, and what waits, is due; and the time of orders has passed. */
async function makeDue(world: World): Promise<void> {
  for (const text of DUE) await world.query(text);
}
const DUE = [
  `update orders.receipts set next_try_at = clock_timestamp() where status = 'waiting'`,
  `update orders.global_transactions set next_try_at = clock_timestamp() where status in ('trying', 'confirming', 'cancelling')`,
  `update orders.outbox set next_try_at = clock_timestamp(), enqueued_until = clock_timestamp() where status = 'due'`,
  `update orders.notifications set next_try_at = clock_timestamp(), enqueued_until = clock_timestamp() where status = 'scheduled'`,
  `update orders.idempotency_keys set lease_until = clock_timestamp() - interval '1 second' where status is null`,
  `update orders.orders set expires_at = clock_timestamp() where status = 'open' and expires_at is not null`,
];
