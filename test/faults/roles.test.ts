import { setTimeout as wait } from 'node:timers/promises';
import { createTestDatabase, dropTestDatabase } from '../support/databases';
import { sendAll } from '../support/load';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type ServiceProcess, runCommand, startServiceProcess } from '../support/process';
import { mustBeCreditedOnce, preparePayments, serviceSetup } from '../support/service-world';
import { OPERATOR_TOKEN, type World } from '../support/world';

/** Two processes share the work: one answers, the other does what nobody waits for, and may die at any time. */
const PAYMENTS = 120;
jest.setTimeout(500_000);

let databaseUrl: string;
let server: MerchantServer;
let services: ServiceProcess[] = [];

beforeEach(async () => {
  [databaseUrl, server] = [await createTestDatabase(), await startMerchantServer()];
});
afterEach(async () => {
  for (const { child, end } of services) if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
  services = [];
  await server.close();
  await dropTestDatabase(databaseUrl);
});

async function start(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const service = await startServiceProcess({ env });
  services.push(service);
  return service;
}

async function until(what: string, isThere: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await isThere())) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await wait(25);
  }
}

const statusOf = async (url: string, token?: string, method = 'GET'): Promise<number> =>
  (await fetch(url, { method, headers: token === undefined ? {} : { authorization: `Bearer ${token}` } })).status;

const count = async (world: World, rows: string): Promise<number> =>
  Number((await world.query<{ count: string }>(`select count(*) from ${rows}`))[0]!.count);

it('http acknowledges and decides, worker posts and notifies; the worker is killed and nothing is lost', async () => {
  const { env, look } = serviceSetup({
    DATABASE_URL: databaseUrl,
    TRANSACTION_DEADLINE_MS: '2000',
    QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
  });
  const http = await start({ ...env, ROLE: 'http' });
  const world = await look(databaseUrl);
  const payments = await preparePayments(world, PAYMENTS);
  // Made before there is an endpoint, and only a worker looks for orders that expire.
  await world.order(payments.merchants[0]!, { amount: '5.00' });
  await world.query(
    `update orders.orders set expires_at = clock_timestamp() where amount = 5 and expires_at is null
                       and payment_reference <> all ($1::text[])`,
    [payments.orders.map((order) => order.payment_reference as string)],
  );
  for (const { id } of payments.merchants) {
    await world.admin('post', `/merchants/${id}/endpoints`, { url: server.url });
  }

  await sendAll(payments.callbacks, {
    callers: 16,
    url: () => `${http.url}/callbacks/${payments.channel.name}`,
  }).finished();
  // The hints have arrived in the queue, and nobody takes them out.
  await until('a queue that fills', async () => {
    const answer = await fetch(`${http.url}/metrics`, { headers: { authorization: `Bearer ${OPERATOR_TOKEN}` } });
    return /^quittance_queue_jobs\{queue="outbox",state="waiting"\} [1-9]/m.test(await answer.text());
  });
  expect([await count(world, 'accounting.vouchers'), server.received.length]).toEqual([0, 0]);
  expect(await count(world, `orders.orders where status = 'paid'`)).toBe(PAYMENTS);
  expect(await count(world, `orders.orders where status = 'expired'`)).toBe(0);

  const worker = await start({ ...env, ROLE: 'worker' });
  expect({
    healthz: await statusOf(`${worker.url}/healthz`),
    readyz: await statusOf(`${worker.url}/readyz`),
    metrics: await statusOf(`${worker.url}/metrics`, OPERATOR_TOKEN),
    metricsWithoutToken: await statusOf(`${worker.url}/metrics`),
    operator: await statusOf(`${worker.url}/admin/merchants`, OPERATOR_TOKEN),
    merchant: await statusOf(`${worker.url}/v1/orders`, payments.merchants[0]!.key),
    callback: await statusOf(`${worker.url}/callbacks/${payments.channel.name}`, undefined, 'POST'),
  }).toEqual({
    healthz: 200,
    readyz: 200,
    metrics: 200,
    metricsWithoutToken: 401,
    operator: 404,
    merchant: 404,
    callback: 404,
  });
  await until('a first notification', () => Promise.resolve(server.received.length > 0));
  await worker.end('SIGKILL');

  const again = await start({ ...env, ROLE: 'worker' });
  await until('the expiry', async () => (await count(world, `orders.orders where status = 'expired'`)) === 1);
  await world.quiet(200_000);
  expect(await count(world, 'accounting.vouchers')).toBe(PAYMENTS);
  expect(new Set(server.received.map(({ id }) => id)).size).toBe(PAYMENTS + 1);
  await mustBeCreditedOnce(world, payments, payments.callbacks.keys());
  await world.stop();
  const audit = runCommand(['audit'], { env });
  expect(await audit.ended()).toBe(0);
  await expect(Promise.all([http.end('SIGTERM'), again.end('SIGTERM')])).resolves.toEqual([0, 0]);
});
