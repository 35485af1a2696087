import { setTimeout as wait } from 'node:timers/promises';
import { SCHEMAS, type SchemaName } from '../../src/consistency/transaction';
import { type OwnServer, startOwnServer } from '../support/own-server';
import { type ServiceProcess, startServiceProcess } from '../support/process';
import { type FaultOptions, raiseFault } from '../support/raised-faults';
import { type Payments, preparePayments, serviceSetup } from '../support/service-world';
import { type Session, openSession } from '../support/session';
import {
  type CallingCustomers,
  type Remainder,
  type Survivor,
  mustHaveSurvived,
  mustSurvive as mustSurviveFault,
  readiness,
  until,
} from '../support/survive-fault';
import type { World } from '../support/world';

/**
 * What a database may answer instead of doing what it was asked. One server, one process of the service on it, and customers
 * that go on calling whatever they are told. The tests are one story: what one of them left behind would fail the next.
 */
const EACH = 48;
const CASES = 11;
jest.setTimeout(400_000);

let server: OwnServer;
let service: ServiceProcess;
let world: World;
let payments: Payments;
let sessions: Session[] = [];
const remainders: Remainder[] = [];

beforeAll(async () => {
  server = await startOwnServer('refusals', { deadlock_timeout: '300ms', max_connections: '120' });
  const setup = serviceSetup({
    ...Object.fromEntries(SCHEMAS.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, server.urls[schema]])),
    TRANSACTION_DEADLINE_MS: '3000',
  });
  service = await startServiceProcess({ env: setup.env });
  world = await setup.look(server.looking);
  payments = await preparePayments(world, EACH * CASES);
});
afterEach(async () => {
  await Promise.all(sessions.map((session) => session.end()));
  sessions = [];
});
afterAll(async () => {
  if (service.child.exitCode === null && service.child.signalCode === null) await service.end('SIGKILL');
  await world.stop();
  await server.close();
});

async function on(schema: SchemaName): Promise<Session> {
  const session = await openSession(server.looking[schema]);
  sessions.push(session);
  return session;
}

/** How much longer a fault lasts that the server has spoken of. */
const LASTS_MS = 700;

interface Refusal {
  /** What the server says of it in its log. */
  readonly says: RegExp;
  /** Begins it; what it gives ends it. */
  readonly begin: () => Promise<() => Promise<unknown>>;
  /** Looked at once the service has met it. */
  readonly meanwhile?: (customers: CallingCustomers) => Promise<void>;
}

async function mustSurvive({ says, begin, meanwhile }: Refusal): Promise<void> {
  const mark = server.mark();
  const said = (): readonly string[] => server.logSince(mark).filter((line) => says.test(line));
  const remainder = await mustSurviveFault(survivor(), remainders.length, async (customers) => {
    const end = await begin();
    try {
      await until(service, `the server says ${says.source}`, () => said().length > 0);
      await meanwhile?.(customers);
      await wait(LASTS_MS);
      await customers.mustBeTrue();
      return end;
    } catch (error) {
      await end();
      throw error;
    }
  });
  remainders.push(remainder);
}

const survivor = (): Survivor => ({ service, world, payments, each: EACH });

const reload = async (setting: string): Promise<void> => {
  await server.operator.run(`alter system ${setting}`);
  await server.operator.run('select pg_reload_conf()');
};
/** Ends every session of the service, idle or in the middle of something. */
const cutSessions = (): Promise<unknown> =>
  server.operator.run(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${server.role}'`);

it('read-only databases: what only reads goes on, and nothing stays read-only', async () => {
  await mustSurvive({
    says: /in a read-only transaction/,
    begin: async () => {
      await reload('set default_transaction_read_only = on');
      return () => reload('reset default_transaction_read_only');
    },
    meanwhile: async (customers) => {
      expect(await readiness(service)).toBe(200);
      const paid = customers.firstAcknowledged();
      const order = await world.v1(payments.merchants[paid % 2]!, 'get', `/orders/${payments.orders[paid]!.id}`);
      expect(order).toMatchObject({ status: 'paid' });
    },
  });
});

it('one read-only database, whose sessions began so: nobody keeps such a session', async () => {
  const set = (value: string): Promise<unknown> => server.operator.run(`alter database accounts ${value}`);
  await mustSurvive({
    says: /in a read-only transaction/,
    begin: async () => {
      await set('set default_transaction_read_only = on');
      await cutSessions();
      return () => set('reset default_transaction_read_only');
    },
  });
});

const limit = (count: number): Promise<unknown> =>
  server.operator.run(`alter role ${server.role} connection limit ${count}`);

it('no connection for anybody: the databases count as away, and nobody is asked but by a probe', async () => {
  const before = service.output().length;
  const away = (): Set<string | undefined> =>
    new Set(
      [
        ...service
          .output()
          .slice(before)
          .matchAll(/"event":"database\.away","database":"(\w+)"/g),
      ].map((one) => one[1]),
    );
  await mustSurvive({
    says: /too many connections for role/,
    begin: async () => {
      await limit(0);
      await cutSessions();
      return () => limit(-1);
    },
    meanwhile: async () => {
      await until(service, 'it is not ready', async () => (await readiness(service)) === 503);
      await until(service, 'every database counts as away', () => away().size === SCHEMAS.length);
    },
  });
  await until(service, 'it is ready', async () => (await readiness(service)) === 200);
});

it('a few connections for all: they are shared, and payments go on', async () => {
  await mustSurvive({
    says: /too many connections for role/,
    begin: async () => {
      await limit(16);
      await cutSessions();
      return () => limit(-1);
    },
    meanwhile: (customers) => until(service, 'all are paid', () => customers.acknowledged() === EACH - 1),
  });
});

it('statements that an operator cancels', async () => {
  await mustSurvive({
    says: /canceling statement due to user request/,
    begin: async () => {
      const mark = server.mark();
      const wasCancelled = (): boolean => server.logSince(mark).some((line) => line.includes('due to user request'));
      const deadline = Date.now() + 60_000;
      for (let round = 0; round < 100 || (!wasCancelled() && Date.now() < deadline); round += 1) {
        await server.operator.run(
          `select pg_cancel_backend(pid) from pg_stat_activity where usename = '${server.role}' and state = 'active'`,
        );
        await wait(5);
      }
      return () => Promise.resolve();
    },
  });
});

it('statements that take longer than they may', async () => {
  const accounts = await on('accounts');
  await mustSurvive({
    says: /canceling statement due to statement timeout/,
    begin: async () => {
      await accounts.run(`
        create function accounts.dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(30); return null; end $$;
        create trigger dawdle before insert on accounts.holds for each statement execute function accounts.dawdle()`);
      return () => accounts.run('drop trigger dawdle on accounts.holds; drop function accounts.dawdle()');
    },
  });
});

it('locks that are not to be had, of orders and of an account', async () => {
  // Opened before anybody pays: who pays must not be done before the locks are taken.
  const [orders, accounts] = [await on('orders'), await on('accounts')];
  await mustSurvive({
    says: /canceling statement due to lock timeout/,
    begin: async () => {
      await orders.run(`begin; select 1 from orders.orders where status = 'open' for update`);
      await accounts.run('begin; select 1 from accounts.accounts for update');
      return async () => {
        await orders.run('rollback');
        await wait(LASTS_MS);
        await accounts.run('rollback');
      };
    },
  });
});

/**
 * Has the service wait for what `held` locks, then waits for what the service has, so that it is the one who must give way.
 * Repeated until it was: what waits first may be the rest of an earlier payment, which has nothing that is wanted.
 */
async function deadlock(
  session: Session,
  held: string,
  wanted: () => Promise<string>,
): Promise<() => Promise<unknown>> {
  const mark = server.mark();
  await session.run(`set deadlock_timeout = '60s'`);
  const [own] = (await session.run('select pg_backend_pid() as pid')) as { pid: number }[];
  const blocked = `select pid from pg_stat_activity where ${own!.pid} = any(pg_blocking_pids(pid))`;
  const wasDetected = (): boolean => server.logSince(mark).some((line) => line.includes('deadlock detected'));
  while (!wasDetected()) {
    await session.run(`begin; ${held}`);
    await until(service, 'the service waits for it', async () => (await server.operator.run(blocked)).length > 0);
    await session.run(await wanted());
    await session.run('rollback');
  }
  return () => Promise.resolve();
}

it('a deadlock with somebody else, in Try', async () => {
  const session = await on('accounts');
  await mustSurvive({
    says: /deadlock detected/,
    begin: () =>
      deadlock(session, `select 1 from accounts.accounts where kind = 'merchant' for update`, async () => {
        const trying = await world.query<{ gid: string }>(
          `select gid from orders.global_transactions where status = 'trying'`,
        );
        const gids = trying.map(({ gid }) => `'${gid}'`).join();
        return `insert into accounts.holds (gid, branch, status)
                select gid, 'fund', 'held' from unnest(array[${gids}]::uuid[]) as t(gid) on conflict do nothing`;
      }),
  });
});

it('a deadlock with somebody else, in Confirm', async () => {
  const session = await on('accounts');
  await mustSurvive({
    says: /deadlock detected/,
    begin: () =>
      deadlock(session, `select 1 from accounts.accounts where kind = 'merchant' for no key update`, () =>
        Promise.resolve(`select 1 from accounts.holds where status = 'held' for update`),
      ),
  });
});

const CODES = ['40001', '40P01', '55P03', '57014', '53100', '53200', '53300', '58030', '57P01'];
const AT: readonly (FaultOptions & { readonly schema: SchemaName })[] = [
  { schema: 'orders', table: 'orders.receipts', on: 'insert or update' },
  { schema: 'accounts', table: 'accounts.holds', on: 'insert or update', atCommit: true },
  { schema: 'points', table: 'points.holds', on: 'insert or update' },
  { schema: 'orders', table: 'orders.outbox', on: 'insert or update', atCommit: true },
  { schema: 'accounting', table: 'accounting.vouchers', on: 'insert' },
];

it('serialization failures, and whatever else may be told at a statement or at COMMIT', async () => {
  const at = await Promise.all(AT.map(async ({ schema, ...options }) => ({ session: await on(schema), options })));
  await mustSurvive({
    says: /a fault of the test/,
    begin: async () => {
      const faults = await Promise.all(
        at.map(({ session, options }) =>
          raiseFault((text) => session.run(text), { ...options, code: CODES, upTo: CODES.length }),
        ),
      );
      return () => Promise.all(faults.map((fault) => fault.heal()));
    },
  });
});

it('sessions that the administrator ends again and again', async () => {
  await mustSurvive({
    says: /terminating connection due to administrator command/,
    begin: async () => {
      // Often, so that it meets connections between two statements of a transaction, too.
      for (let round = 0; round < 40; round += 1) {
        await cutSessions();
        await wait(25);
      }
      return () => Promise.resolve();
    },
  });
});

it('leaves everything credited, granted and booked once, the audit sound and the process well', async () => {
  await mustHaveSurvived(survivor(), remainders);
});
