import { setTimeout } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase } from '../support/databases';
import { sendAll } from '../support/load';
import { type ServiceProcess, startServiceProcess } from '../support/process';
import { mustAddUp, mustBeCreditedOnce, preparePayments, serviceSetup } from '../support/service-world';
import type { World } from '../support/world';

jest.setTimeout(400_000);

/** How long a server may still work on what was sent to it; well below the deadline of an attempt. */
const SENT_IS_DONE_MS = 500;

/** The global transactions in a status. */
async function of(world: World, status: string): Promise<string[]> {
  const rows = await world.query<{ gid: string }>(`select gid from orders.global_transactions where status = $1`, [
    status,
  ]);
  return rows.map(({ gid }) => gid);
}

/** A process that is stopped for longer than its deadlines and then goes on believes that no time has passed. */
it('a process stopped in the middle of payments: another settles them, and nothing is doubled when it goes on', async () => {
  const databaseUrl = await createTestDatabase();
  const { env, look } = serviceSetup({
    DATABASE_URL: databaseUrl,
    TRANSACTION_DEADLINE_MS: '1500',
    ANSWER_BUDGET_MS: '60000',
  });
  const services: ServiceProcess[] = await Promise.all([startServiceProcess({ env }), startServiceProcess({ env })]);
  const [paused, other] = services as [ServiceProcess, ServiceProcess];
  const world = await look(databaseUrl);
  try {
    const payments = await preparePayments(world, 400);
    const url = `${paused.url}/callbacks/${payments.channel.name}`;
    const load = sendAll(payments.callbacks, { callers: 32, url: () => url, patienceMs: 90_000 });

    // Stopped again and again until it has left attempts behind that nobody has decided. What it had sent before it stopped, a
    // COMMIT among it, the server still does: only what is undecided after that was left behind.
    let leftBehind: string[] = [];
    for (let count = 20; leftBehind.length === 0; count += 10) {
      await load.reached(count);
      paused.child.kill('SIGSTOP');
      await setTimeout(SENT_IS_DONE_MS);
      leftBehind = await of(world, 'trying');
      if (leftBehind.length === 0) paused.child.kill('SIGCONT');
    }
    const acknowledged = load.acknowledged.size;
    await world.quiet(100_000);
    await expect(of(world, 'cancelled')).resolves.toEqual(expect.arrayContaining(leftBehind));
    expect(acknowledged).toBeLessThan(400);

    paused.child.kill('SIGCONT');
    await load.finished();
    await world.quiet(100_000);
    await mustBeCreditedOnce(world, payments, payments.callbacks.keys());
    await mustAddUp(world, payments);
    await world.mustBeSound();
    for (const service of [paused, other]) await expect(service.end('SIGTERM')).resolves.toBe(0);
  } finally {
    for (const { child } of services) child.kill('SIGKILL');
    await world.stop();
    await dropTestDatabase(databaseUrl);
  }
});
