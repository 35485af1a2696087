import { randomInt } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachEmbedded } from '../../src/database/embedded';
import { findFreePort } from '../../src/database/embedded/postmaster';
import { createTestDatabase, dropTestDatabase } from '../support/databases';
import { type Load, sendAll } from '../support/load';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type ServiceProcess, runCommand, startServiceProcess } from '../support/process';
import { type Payments, mustAddUp, mustBeCreditedOnce, preparePayments, serviceSetup } from '../support/service-world';
import type { World } from '../support/world';

/** `kill -9` under load: what was acknowledged is there, and in the end every payment is, exactly once. */
const PAYMENTS = 300;
jest.setTimeout(500_000);

let server: MerchantServer;
let services: ServiceProcess[] = [];
let cleanUp: () => Promise<void>;

beforeEach(async () => {
  server = await startMerchantServer();
});
afterEach(async () => {
  for (const { child, end } of services) if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
  services = [];
  await cleanUp();
  await server.close();
});

async function start(env: Readonly<Record<string, string>>): Promise<ServiceProcess> {
  const service = await startServiceProcess({ env });
  services.push(service);
  return service;
}

async function prepare(world: World): Promise<Payments> {
  const payments = await preparePayments(world, PAYMENTS);
  for (const { id } of payments.merchants) {
    await world.admin('post', `/merchants/${id}/endpoints`, { url: server.url });
  }
  return payments;
}

/** Waits until a random part of the load is acknowledged, then at once kills; says where, so that a failure can be repeated. */
async function killDuring(load: Load, service: ServiceProcess, from: number, to: number): Promise<void> {
  const moment = randomInt(from, to);
  await load.reached(moment);
  await expect(service.end('SIGKILL')).resolves.toBe('SIGKILL');
}

async function mustBeSound(env: Readonly<Record<string, string>>): Promise<void> {
  const audit = runCommand(['audit', '--json'], { env });
  const code = await audit.ended();
  const report = JSON.parse(audit.output()) as { ok: boolean; guarantees: { number: number; checked: number }[] };
  expect([code, report.ok]).toEqual([0, true]);
  const checked = new Map(report.guarantees.map((one) => [one.number, one.checked]));
  for (const guarantee of [1, 4, 5, 6]) expect(checked.get(guarantee)).toBeGreaterThanOrEqual(PAYMENTS);
}

it('one process with its own database, killed three times: nothing acknowledged is lost, nothing is doubled', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'quittance-kill-'));
  chmodSync(folder, 0o711);
  cleanUp = async () => {
    const url = attachEmbedded(join(folder, 'data'));
    if (url !== undefined) await (await start(env)).end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  const port = await findFreePort();
  const { env, look } = serviceSetup({
    QUITTANCE_DATA_DIR: join(folder, 'data'),
    PORT: String(port),
    TRANSACTION_DEADLINE_MS: '2000',
  });
  const embedded = (): string => {
    const url = attachEmbedded(join(folder, 'data'));
    if (url === undefined) throw new Error('the embedded database does not run');
    return url;
  };

  let service = await start(env);
  const before = await look(embedded());
  const payments = await prepare(before);
  await before.stop();
  const url = `${service.url}/callbacks/${payments.channel.name}`;
  const load = sendAll(payments.callbacks, { callers: 32, url: () => url, twiceEvery: 7 });
  for (const [from, to] of [
    [20, 80],
    [90, 170],
    [180, 280],
  ] as const) {
    await killDuring(load, service, from, to);
    const acknowledged = [...load.acknowledged];
    service = await start(env);
    const meanwhile = await look(embedded());
    const lost = await meanwhile.query<{ count: string }>(
      `select count(*) from unnest($1::text[]) as k(reference)
        where not exists (select 1 from orders.receipts r
                           where r.provider_reference = k.reference and r.status in ('decided', 'settled'))`,
      [acknowledged.map((index) => payments.references[index])],
    );
    expect(lost).toEqual([{ count: '0' }]);
    await meanwhile.stop();
  }
  await load.finished();

  const after = await look(embedded());
  await after.quiet(100_000);
  await mustBeCreditedOnce(after, payments, payments.callbacks.keys());
  await mustAddUp(after, payments);
  expect(new Set(server.received.map(({ id }) => id)).size).toBe(PAYMENTS);
  await after.stop();
  await mustBeSound(env);
  await expect(service.end('SIGTERM')).resolves.toBe(0);
});

it('one of two processes on a database of their own: the other takes over what it had begun', async () => {
  const databaseUrl = await createTestDatabase();
  cleanUp = () => dropTestDatabase(databaseUrl);
  const { env, look } = serviceSetup({
    DATABASE_URL: databaseUrl,
    TRANSACTION_DEADLINE_MS: '2000',
    QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
  });
  const both = await Promise.all([start(env), start(env)]);
  const world = await look(databaseUrl);
  const payments = await prepare(world);
  const urls = both.map(({ url }) => `${url}/callbacks/${payments.channel.name}`);
  const load = sendAll(payments.callbacks, { callers: 32, url: (attempt) => urls[attempt % 2]!, twiceEvery: 5 });
  await killDuring(load, both[0], 40, 200);
  await load.finished();
  await world.quiet(100_000);
  await mustBeCreditedOnce(world, payments, payments.callbacks.keys());
  await mustAddUp(world, payments);
  expect(new Set(server.received.map(({ id }) => id)).size).toBe(PAYMENTS);
  await world.stop();
  await mustBeSound(env);
  await expect(both[1].end('SIGTERM')).resolves.toBe(0);
});
