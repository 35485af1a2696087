import { setTimeout as wait } from 'node:timers/promises';
import { type CrampedPostgres, startCrampedPostgres } from '../support/cramped-postgres';
import { type ServiceProcess, startServiceProcess } from '../support/process';
import { type Payments, preparePayments, serviceSetup } from '../support/service-world';
import { openSession } from '../support/session';
import { describeWithSmallDisks } from '../support/small-disk';
import {
  type CallingCustomers,
  type Remainder,
  type Survivor,
  mustHaveSurvived,
  mustSurvive,
  readiness,
  until,
} from '../support/survive-fault';
import type { World } from '../support/world';

/**
 * A disk that is really full: first that of the tables, on which statements fail, then that of the write-ahead log, on which
 * PostgreSQL stops and cannot start again until somebody frees space. One process of the service lives through both.
 */
const EACH = 40;
jest.setTimeout(400_000);

let postgres: CrampedPostgres;
let service: ServiceProcess;
let world: World;
let payments: Payments;
const remainders: Remainder[] = [];

describeWithSmallDisks('a full disk', () => {
  beforeAll(async () => {
    postgres = await startCrampedPostgres('disk-full');
    const setup = serviceSetup({ DATABASE_URL: postgres.url, TRANSACTION_DEADLINE_MS: '3000' });
    service = await startServiceProcess({ env: setup.env });
    world = await setup.look(postgres.url);
    payments = await preparePayments(world, EACH * 2);
  });
  afterAll(async () => {
    if (service.child.exitCode === null && service.child.signalCode === null) await service.end('SIGKILL');
    await world.stop();
    await postgres.close();
  });

  const survivor = (): Survivor => ({ service, world, payments, each: EACH });
  const isRefused = (customers: CallingCustomers): Promise<void> =>
    until(service, 'customers are told to come again', () => customers.refusals() > 5);

  it('of the tables: what finds room is paid, everything else when there is room again, and reading goes on', async () => {
    const remainder = await mustSurvive(survivor(), 0, async (customers) => {
      postgres.tables.fill();
      await until(service, 'a table cannot grow', () => postgres.log().includes('No space left on device'));
      await isRefused(customers);
      expect(await readiness(service)).toBe(200);
      await wait(1_000);
      await customers.mustBeTrue();
      return postgres.tables.free;
    });
    remainders.push(remainder);
    expect(postgres.log()).not.toContain('PANIC');
  });

  it('of the write-ahead log: the server stops and does not come back, until there is room', async () => {
    const remainder = await mustSurvive(survivor(), 1, async (customers) => {
      postgres.wal.fill();
      await exhaustWal();
      await until(service, 'it is not ready', async () => (await readiness(service)) === 503);
      await isRefused(customers);
      await wait(1_500);
      return postgres.wal.free;
    });
    remainders.push(remainder);
    await until(service, 'it is ready', async () => (await readiness(service)) === 200);
  });

  it('leaves everything credited, granted and booked once, the audit sound and the process well', async () => {
    await mustHaveSurvived(survivor(), remainders);
  });
});

/** Writes to the log until it needs a segment more than the disk has room for. */
async function exhaustWal(): Promise<void> {
  const session = await openSession(postgres.url);
  for (let isThere = true; isThere;) {
    isThere = await session
      .run(`select pg_logical_emit_message(false, 'ballast', repeat('x', 4000000))`)
      .then(() => !postgres.log().includes('PANIC'))
      .catch(() => false);
  }
  await session.end();
  await until(service, 'the server has stopped', () => postgres.log().includes('PANIC'));
}
