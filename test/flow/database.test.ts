import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type Databases, SCHEMAS, inTransaction, statement } from '../../src/consistency/transaction';
import { migrate } from '../../src/database/migrations';
import { forAllSchemas } from '../../src/database/open';
import { createPools } from '../../src/database/pools';
import { checkServers } from '../../src/database/server-check';
import { type TestDatabases, createTestDatabase, dropTestDatabase, testDatabases } from '../support/databases';
import { runCommand } from '../support/process';

describe('pools', () => {
  let test: TestDatabases;
  beforeAll(async () => {
    test = await testDatabases();
  });
  afterAll(() => test.close());

  it('give exact texts for numbers that a float would change, one by one and in lists', async () => {
    const [row] = await test.databases.orders.query(
      statement(
        'test.exact',
        `select 9007199254740993::bigint as one, array[9007199254740993]::bigint[] as many,
                0.1000::numeric(24,4) as amount, array[12345678901234567890.1234]::numeric[] as amounts,
                array['00000000-0000-7000-8000-000000000000']::uuid[] as ids, date '2026-03-29' as day`,
      ),
    );
    expect(row).toEqual({
      one: '9007199254740993',
      many: ['9007199254740993'],
      amount: '0.1000',
      amounts: ['12345678901234567890.1234'],
      ids: ['00000000-0000-7000-8000-000000000000'],
      day: '2026-03-29',
    });
  });

  it('set the time-outs and the time zone of every session', async () => {
    const [row] = await test.databases.points.query(
      statement(
        'test.settings',
        `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
                current_setting('idle_in_transaction_session_timeout') as idle, current_setting('timezone') as zone`,
      ),
    );
    expect(row).toEqual({ statement: '3s', lock: '2s', idle: '5s', zone: 'UTC' });
  });

  it('survive that the server ends every session, in use or not', async () => {
    const kill = statement('test.kill', 'select pg_terminate_backend(pg_backend_pid())');
    const one = statement('test.one', 'select 1 as one');
    const inUse = inTransaction(test.databases.accounts, (tx) => tx.query(kill));
    await expect(inUse).rejects.toThrow('database accounts is unavailable');
    await expect(test.databases.accounts.query(one)).resolves.toEqual([{ one: 1 }]);
    const killOthers = statement(
      'test.kill_others',
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await test.databases.orders.query(killOthers);
    // The end of a session that nobody uses arrives like any message: a moment later.
    await wait(100);
    await expect(test.databases.accounts.query(one)).resolves.toEqual([{ one: 1 }]);
  });
});

describe('a transaction', () => {
  let test: TestDatabases;
  beforeAll(async () => {
    test = await testDatabases();
    await test.databases.orders.knex.raw('create table orders.kept (n int primary key)');
  });
  afterAll(() => test.close());

  const keep = statement('test.keep', 'insert into orders.kept values ($1)');
  const kept = async (): Promise<unknown[]> =>
    (await test.databases.orders.query<{ n: number }>(statement('test.kept', 'select n from orders.kept'))).map(
      (row) => row.n,
    );

  it('commits what it has sent without waiting', async () => {
    await inTransaction(test.databases.orders, (tx) => {
      tx.send(keep, [1]);
      return Promise.resolve();
    });
    expect(await kept()).toEqual([1]);
  });

  it('fails, with its reason and with nothing kept, where a statement fails that nobody waited for', async () => {
    const failing = inTransaction(test.databases.orders, (tx) => {
      tx.send(keep, [2]);
      tx.send(keep, [1]);
      return Promise.resolve();
    });
    await expect(failing).rejects.toThrow('kept_pkey');
    expect(await kept()).toEqual([1]);
  });

  it('fails where a statement failed and the work went on', async () => {
    const failing = inTransaction(test.databases.orders, async (tx) => {
      await tx.query(keep, [3]);
      await tx.query(keep, [1]).catch(() => undefined);
    });
    await expect(failing).rejects.toThrow('kept_pkey');
    expect(await kept()).toEqual([1]);
  });
});

describe('migrations', () => {
  it('run once when many processes start at once, in one database', async () => {
    const url = await createTestDatabase('template0');
    const urls = forAllSchemas(url);
    const results = await Promise.all([migrate(urls), migrate(urls), migrate(urls)]);
    for (const schema of SCHEMAS) {
      const names = results.flatMap((result) => result[schema]);
      expect(names.length).toBeGreaterThan(0);
      expect(new Set(names).size).toBe(names.length);
      expect(names.join()).not.toMatch(/\.(ts|js)/);
    }
    await dropTestDatabase(url);
  });

  it('run once when two processes start at once', async () => {
    const url = await createTestDatabase('template0');
    const processes = [1, 2].map(() => runCommand(['migrate'], { env: { DATABASE_URL: url } }));
    await expect(Promise.all(processes.map((one) => one.ended()))).resolves.toEqual([0, 0]);
    for (const schema of SCHEMAS) {
      const said = processes.map((one) => (one.output().includes(`${schema}: applied`) ? 'applied' : 'up to date'));
      expect(said.sort()).toEqual(['applied', 'up to date']);
    }
    await dropTestDatabase(url);
  });

  it('go on after a process that was killed while it migrated', async () => {
    const url = await createTestDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('update orders.schema_migrations_lock set is_locked = 1');
    await client.end();
    await expect(migrate(forAllSchemas(url))).resolves.toEqual({
      orders: [],
      accounts: [],
      points: [],
      accounting: [],
    });
    await dropTestDatabase(url);
  });

  it('refuse a database that a newer version has migrated', async () => {
    const url = await createTestDatabase();
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(
      `insert into points.schema_migrations (name, batch, migration_time) values ('29991231000000_later', 9, now())`,
    );
    await client.end();
    await expect(migrate(forAllSchemas(url))).rejects.toThrow(
      /^the migrations of schema points failed: .*29991231000000_later/,
    );
    await dropTestDatabase(url);
  });
});

describe('a server', () => {
  const durable = { fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' };
  const saying = (facts: object): Databases =>
    ({
      points: { schema: 'points', query: () => Promise.resolve([{ ...durable, ...facts }]) },
    }) as unknown as Databases;

  it('older than PostgreSQL 14 is refused', async () => {
    const old = saying({ version_number: '130014', version: '13.14' });
    await expect(checkServers(old)).rejects.toThrow(
      'the server of schema points is PostgreSQL 13.14; 14 or newer is needed',
    );
    await expect(checkServers(saying({ version_number: '140000', version: '14.0' }))).resolves.toBeUndefined();
  });

  it('that cannot be reached is refused in one line', async () => {
    const pools = createPools(forAllSchemas('postgres://nobody:nothing@127.0.0.1:1/none'));
    await expect(checkServers(pools.databases)).rejects.toThrow(
      /^the database of schema orders cannot be used: database orders is unavailable: connect ECONNREFUSED 127.0.0.1:1$/,
    );
    await pools.close();
  });
});
