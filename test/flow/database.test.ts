import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type Queryable, SCHEMAS, inTransaction, statement } from '../../src/consistency/transaction';
import { Away } from '../../src/core/errors';
import { migrate, migrateSchema } from '../../src/database/migrations';
import { forAllSchemas } from '../../src/database/open';
import { type DatabaseUrls, createPools } from '../../src/database/pools';
import { checkServer } from '../../src/database/server-check';
import { type TestDatabases, createTestDatabase, dropTestDatabase, testDatabases } from '../support/databases';
import { runCommand } from '../support/process';
import { startTcpProxy } from '../support/tcp-proxy';

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

  it('break a connection that dies while it is idle, however long it was', async () => {
    const server = new URL(test.urls.points);
    const proxy = await startTcpProxy({ host: server.hostname, port: Number(server.port) });
    server.port = String(proxy.port);
    const pools = createPools({ ...test.urls, points: server.toString() }, { size: 1, statementTimeoutMs: 1_000 });
    const ask = statement('test.ask', 'select 1 as one');
    try {
      await pools.databases.points.query(ask);
      // Longer than a statement may be silent.
      await wait(3_500);
      proxy.hang();
      await expect(pools.databases.points.query(ask)).rejects.toThrow(/database points is unavailable/);
      await proxy.up();
      const deadline = Date.now() + 60_000;
      const back = (): Promise<boolean> =>
        pools.databases.points.query(ask).then(
          () => true,
          () => false,
        );
      while (!(await back())) expect(Date.now()).toBeLessThan(deadline);
    } finally {
      await proxy.down();
      await pools.close();
    }
  }, 120_000);

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
    const inUse = inTransaction(test.databases.accounts, 'test', (tx) => tx.query(kill));
    await expect(inUse).rejects.toThrow('database accounts is unavailable');
    await expect(test.databases.accounts.query(one)).resolves.toEqual([{ one: 1 }]);
    const killOthers = statement(
      'test.kill_others',
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await test.databases.orders.query(killOthers);
    const others = statement(
      'test.others',
      'select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    while ((await test.databases.orders.query(others)).length > 0) await wait(20);
    // They have said that they end; that arrives like any message, a moment later.
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
    await inTransaction(test.databases.orders, 'test', (tx) => {
      tx.send(keep, [1]);
      return Promise.resolve();
    });
    expect(await kept()).toEqual([1]);
  });

  it('plans its statements once per connection, however short the lists are; what runs without one is planned with its values', async () => {
    const planned = statement(
      'test.planned_once',
      `select o.id from unnest($1::uuid[]) as k(id) join orders.orders o on o.id = k.id`,
    );
    const withValues = statement('test.with_values', `${planned.text} where true`);
    const counts = statement(
      'test.plans',
      `select name, generic_plans::int as generic, custom_plans::int as custom from pg_prepared_statements
        where name in ('test.planned_once', 'test.with_values') order by name`,
    );
    const ids = ['00000000-0000-7000-8000-000000000000'];
    const pools = createPools(test.urls, { plans: 'by_index', size: 1 });
    const { orders } = pools.databases;
    for (let round = 0; round < 8; round += 1) {
      await inTransaction(orders, 'test.plans', (tx) => tx.query(planned, [ids]));
      await orders.query(withValues, [ids]);
    }
    expect(await orders.query(counts)).toEqual([
      { name: 'test.planned_once', generic: 8, custom: 0 },
      { name: 'test.with_values', generic: 0, custom: 8 },
    ]);
    await pools.close();
  });

  it('fails, with its reason and with nothing kept, where a statement fails that nobody waited for', async () => {
    const failing = inTransaction(test.databases.orders, 'test', (tx) => {
      tx.send(keep, [2]);
      tx.send(keep, [1]);
      return Promise.resolve();
    });
    await expect(failing).rejects.toThrow('kept_pkey');
    expect(await kept()).toEqual([1]);
  });

  it('fails where a statement failed and the work went on', async () => {
    const failing = inTransaction(test.databases.orders, 'test', async (tx) => {
      await tx.query(keep, [3]);
      await tx.query(keep, [1]).catch(() => undefined);
    });
    await expect(failing).rejects.toThrow('kept_pkey');
    expect(await kept()).toEqual([1]);
  });

  it('commits behind its last statement, whose answer is awaited afterwards', async () => {
    const rows = await inTransaction(test.databases.orders, 'test', async (tx) => {
      const keeping = tx.query(keep, [51]);
      tx.finish();
      return keeping;
    });
    expect([rows, await kept()]).toEqual([[], [1, 51]]);
  });

  it('commits nothing where a statement fails whose COMMIT has gone out, whoever catches the error', async () => {
    const failing = inTransaction(test.databases.orders, 'test', async (tx) => {
      tx.send(keep, [52]);
      const twice = tx.query(keep, [52]);
      tx.finish();
      await twice.catch(() => undefined);
    });
    await expect(failing).rejects.toThrow('kept_pkey');
    expect(await kept()).toEqual([1, 51]);
  });

  it('fails where something is sent after its end, and does not leave it out silently', async () => {
    const failing = inTransaction(test.databases.orders, 'test', (tx) => {
      tx.finish();
      tx.send(keep, [53]);
      return Promise.resolve();
    });
    await expect(failing).rejects.toThrow(/comes after the end of its transaction/);
    expect(await kept()).toEqual([1, 51]);
  });
});

describe('a transaction whose BEGIN is cancelled', () => {
  const ADD = statement('test.add_part', 'insert into public.parts select $1::int, $2::int');
  let test: TestDatabases;
  let admin: Client;
  beforeAll(async () => {
    test = await testDatabases({ size: 4, applicationName: 'cancelled' });
    admin = new Client({ connectionString: test.urls.orders });
    await admin.connect();
    await admin.query('create table public.parts (id int, part int)');
  });
  afterAll(async () => {
    await admin.end();
    await test.close();
  });

  it('sends nothing that comes after it, and nothing at all where it waits for BEGIN', async () => {
    const failed = new Set<number>();
    let [next, isOver] = [0, false];
    const add = async (id: number): Promise<void> =>
      inTransaction(test.databases.orders, 'test.parts', async (tx) => {
        if (id % 2 === 0) await tx.begun;
        await tx.query(ADD, [id, 1]);
        await tx.query(ADD, [id, 2]);
      });
    const work = async (): Promise<void> => {
      while (!isOver) {
        const id = next++;
        await add(id).catch(() => failed.add(id));
      }
    };
    const working = Promise.all(Array.from({ length: 4 }, work));
    for (let round = 0; round < 80; round += 1) {
      await admin.query(`do $$ declare p int; begin
        for p in select pid from pg_stat_activity where application_name = 'cancelled' loop
          for i in 1..20 loop perform pg_cancel_backend(p), pg_sleep(0.0001); end loop;
        end loop; end $$`);
    }
    isOver = true;
    await working;
    const { rows } = await admin.query<{ id: number; part: number }>('select id, part from public.parts');
    const left = rows.filter(({ id }) => failed.has(id));
    expect(failed.size).toBeGreaterThan(0);
    expect(left.filter(({ id, part }) => part === 2 || id % 2 === 0)).toEqual([]);
  }, 300_000);
});

describe('a full server', () => {
  const SLOW = statement('test.slow', 'select pg_sleep(0.02)');
  const name = `few_${randomBytes(6).toString('hex')}`;
  let url: string;
  let admin: Client;
  let urls: DatabaseUrls;

  beforeAll(async () => {
    url = await createTestDatabase();
    admin = new Client({ connectionString: url });
    await admin.connect();
    await admin.query(`create role ${name} login password 'few' connection limit 2`);
    const limited = new URL(url);
    [limited.username, limited.password] = [name, 'few'];
    urls = forAllSchemas(limited.toString());
  });
  afterAll(async () => {
    await admin.query(`drop role ${name}`);
    await admin.end();
    await dropTestDatabase(url);
  });

  it('lets a pool share the sessions that it has, and take more as soon as there are', async () => {
    const changes: string[] = [];
    const pools = createPools(urls, {
      size: 5,
      acquireTimeoutMs: 60_000,
      onReach: (_, { kind }) => changes.push(kind),
    });
    const askMany = (): Promise<unknown> =>
      Promise.all(Array.from({ length: 60 }, () => pools.databases.orders.query(SLOW)));
    const sessions = async (): Promise<number> => {
      const { rows } = await admin.query(`select pid from pg_stat_activity where usename = $1`, [name]);
      return rows.length;
    };
    try {
      await askMany();
      expect([await sessions(), changes]).toEqual([2, []]);
      await admin.query(`alter role ${name} connection limit 5`);
      // Twice a second it asks for one more.
      for (const deadline = Date.now() + 60_000; (await sessions()) < 5;) {
        await askMany();
        expect(Date.now()).toBeLessThan(deadline);
      }
      expect([await sessions(), changes]).toEqual([5, []]);
    } finally {
      await pools.close();
    }
  });

  it('counts as away for a pool without any session, until it lets one in', async () => {
    const changes: string[] = [];
    const pools = createPools(urls, { size: 2, onReach: (_, { kind }) => changes.push(kind) });
    const ask = (): Promise<unknown> => pools.databases.orders.query(SLOW);
    try {
      await admin.query(`alter role ${name} connection limit 0`);
      await expect(ask()).rejects.toThrow(/database orders is unavailable: too many connections for role/);
      while (changes.length === 0) await wait(10);
      await expect(ask()).rejects.toThrow(Away);
      await admin.query(`alter role ${name} connection limit 5`);
      while (changes.length === 1) await wait(10);
      await ask();
      expect(changes).toEqual(['away', 'back']);
    } finally {
      await pools.close();
    }
  });
});

describe('migrations', () => {
  it('wait for another process for so long and no longer, and say for whom', async () => {
    const url = await createTestDatabase();
    const other = new Client({ connectionString: url });
    await other.connect();
    await other.query(`select pg_advisory_lock(hashtextextended('quittance migrations points', 0))`);
    await expect(migrateSchema('points', url, 1_000)).rejects.toThrow(
      'the migrations of schema points failed: another process has been migrating it for longer than 1 s: "quittance migrate" in pg_stat_activity',
    );
    await other.end();
    await expect(migrateSchema('points', url, 60_000)).resolves.toEqual([]);
    await dropTestDatabase(url);
  });

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

  it('commit each by itself, so that a lock is held for no longer than its own migration takes', async () => {
    const url = await createTestDatabase('template0');
    const applied = await migrate(forAllSchemas(url));
    const client = new Client({ connectionString: url });
    await client.connect();
    for (const schema of SCHEMAS) {
      const { rows } = await client.query(`select distinct xmin::text from ${schema}.schema_migrations`);
      expect(rows).toHaveLength(applied[schema].length);
    }
    await client.end();
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
  const saying = (facts: object): Queryable =>
    ({ schema: 'points', query: () => Promise.resolve([{ ...durable, ...facts }]) }) as unknown as Queryable;

  it('older than PostgreSQL 14 is refused', async () => {
    const old = saying({ version_number: '130014', version: '13.14' });
    await expect(checkServer(old)).rejects.toThrow(
      'the server of schema points is PostgreSQL 13.14; 14 or newer is needed',
    );
    await expect(checkServer(saying({ version_number: '140000', version: '14.0' }))).resolves.toBeUndefined();
  });

  it('that cannot be reached is refused in one line', async () => {
    const pools = createPools(forAllSchemas('postgres://nobody:nothing@127.0.0.1:1/none'));
    await expect(checkServer(pools.databases.orders)).rejects.toThrow(
      /^the database of schema orders cannot be used: database orders is unavailable: connect ECONNREFUSED 127.0.0.1:1$/,
    );
    await pools.close();
  });
});
