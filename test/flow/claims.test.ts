import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { createClaims } from '../../src/consistency/claims';
import { inTransaction, statement } from '../../src/consistency/transaction';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from '../support/databases';

interface Work {
  readonly id: string;
  readonly attempts: number;
}

interface QueueRow {
  readonly wait: number;
  readonly attempts: number;
  readonly token: string | null;
  readonly error: string;
}

const TABLE = {
  schema: 'orders',
  table: 'outbox',
  key: 'id',
  due: ['due'],
  columns: 't.id, t.attempts',
} as const;

describe('claims', () => {
  const ids = createIds(systemClock);
  let world: TestDatabases;

  beforeAll(async () => {
    world = await testDatabases(PATIENT_POOLS);
  });
  afterAll(() => world.close());
  beforeEach(() => world.databases.orders.knex.raw('truncate orders.outbox'));

  const claimsOf = (jitter = () => 0) =>
    createClaims<'orders', Work>(world.databases.orders, TABLE, {
      ids,
      jitter,
      backoff: { firstMs: 10_000, capMs: 60_000 },
    });

  /** Rows that became due so many seconds ago, the first the longest. */
  async function due(...secondsAgo: number[]): Promise<string[]> {
    const keys = secondsAgo.map(() => String(ids.next()));
    await world.databases.orders.knex.raw(
      `insert into orders.outbox (id, topic, event_key, version, payload, next_try_at, enqueued_until)
       select id, 'test', id::text, 1, '{}', clock_timestamp() - ago * interval '1 second', clock_timestamp()
         from unnest(?::uuid[], ?::float8[]) as n(id, ago)`,
      [keys, secondsAgo],
    );
    return keys;
  }

  /** The row, and how long after an instant it is due. */
  async function rowOf(key: string, since = 'now'): Promise<QueueRow> {
    const { rows } = await world.databases.orders.knex.raw<{ rows: QueueRow[] }>(
      `select extract(epoch from next_try_at - ?::timestamptz)::float8 as wait, attempts, lease_token as token,
              last_error as error from orders.outbox where id = ?`,
      [since, key],
    );
    return rows[0]!;
  }

  /** The database's present. */
  async function present(): Promise<string> {
    const { rows } = await world.databases.orders.knex.raw<{ rows: { now: string }[] }>(
      'select clock_timestamp()::text as now',
    );
    return rows[0]!.now;
  }

  const expireLease = (key: string): PromiseLike<unknown> =>
    world.databases.orders.knex.raw(
      `update orders.outbox set next_try_at = clock_timestamp() - interval '1 second' where id = ?`,
      [key],
    );

  const stillMine = (token: string, keys: readonly string[]): Promise<readonly string[]> =>
    inTransaction(world.databases.orders, 'test', (tx) => claimsOf().stillMine(tx, token, keys));

  it('gives claimers side by side disjoint rows, and together all of them', async () => {
    const keys = await due(...Array.from({ length: 60 }, (_, index) => index + 1));
    const claimed = await Promise.all(
      Array.from({ length: 6 }, () => claimsOf().claim({ limit: 10, leaseMs: 60_000 })),
    );
    const found = claimed.flatMap((claim) => claim.rows.map((row) => row.id));
    const rest = await claimsOf().claim({ limit: 100, leaseMs: 60_000 });
    const all = [...found, ...rest.rows.map((row) => row.id)];
    expect(new Set(all).size).toBe(all.length);
    expect(new Set(all)).toEqual(new Set(keys));
  });

  it('passes over rows that another transaction has locked, without waiting', async () => {
    const [first, second] = await due(20, 10);
    const lock = statement('test.lock', 'select id from orders.outbox where id = $1::uuid for update');
    await inTransaction(world.databases.orders, 'test', async (tx) => {
      await tx.query(lock, [first]);
      const { rows } = await claimsOf().claim({ limit: 10, leaseMs: 60_000 });
      expect(rows.map((row) => row.id)).toEqual([second]);
    });
  });

  it('claims the longest overdue first, and returns them in that order', async () => {
    const [a, b, c, d] = await due(10, 40, 20, 30);
    const first = await claimsOf().claim({ limit: 3, leaseMs: 60_000 });
    expect(first.rows.map((row) => row.id)).toEqual([b, d, c]);
    const second = await claimsOf().claim({ limit: 3, leaseMs: 60_000 });
    expect(second.rows.map((row) => row.id)).toEqual([a]);
  });

  it('claims neither what is not yet due nor what is done, even when it is named', async () => {
    const [later, done] = await due(-60, 60);
    await world.databases.orders.knex.raw(`update orders.outbox set status = 'done' where id = ?`, [done!]);
    const { rows } = await claimsOf().claim({ limit: 10, leaseMs: 60_000, only: [later!, done!] });
    expect(rows).toEqual([]);
  });

  it('claims only what is named, and counts the attempt', async () => {
    const [named] = await due(10, 20);
    const { rows } = await claimsOf().claim({ limit: 10, leaseMs: 60_000, only: [named!] });
    expect(rows).toEqual([{ id: named, attempts: 1 }]);
  });

  it('writes nothing for a claimer whose lease ran out and was taken over', async () => {
    const [key] = await due(10);
    const old = await claimsOf().claim({ limit: 1, leaseMs: 60_000 });
    expect(await stillMine(old.token, [key!])).toEqual([key]);

    await expireLease(key!);
    expect(await stillMine(old.token, [key!])).toEqual([key]); // Nobody has taken over: the work done may be written.

    const successor = await claimsOf().claim({ limit: 1, leaseMs: 60_000 });
    expect(successor.rows).toEqual([{ id: key, attempts: 2 }]);
    expect(await stillMine(old.token, [key!])).toEqual([]);
    expect(await claimsOf().retryLater(old.token, [{ key: key!, attempts: 1, error: 'late' }])).toEqual([]);
    expect(await rowOf(key!)).toMatchObject({ token: successor.token, error: null, attempts: 2 });
  });

  it('puts nothing back that was finished under the token', async () => {
    const [key] = await due(10);
    const { token } = await claimsOf().claim({ limit: 1, leaseMs: 60_000 });
    await world.databases.orders.knex.raw(`update orders.outbox set status = 'done' where id = ?`, [key!]);
    expect(await claimsOf().retryLater(token, [{ key: key!, attempts: 1, error: 'no' }])).toEqual([]);
  });

  it.each([
    [1, 0, 5],
    [1, 0.999, 10],
    [2, 0, 10],
    [3, 0, 20],
    [50, 0, 30],
    [50, 0.999, 60],
  ])('after attempt %i with jitter %d waits about %d seconds', async (attempts, jitter, seconds) => {
    const [key] = await due(10);
    const { token } = await claimsOf().claim({ limit: 1, leaseMs: 60_000 });
    const error = `why\u0000 ${'x'.repeat(600)}`;
    const before = await present();
    expect(await claimsOf(() => jitter).retryLater(token, [{ key: key!, attempts, error }])).toEqual([key]);
    const row = await rowOf(key!, await present());
    expect((await rowOf(key!, before)).wait).toBeGreaterThan(seconds - 1);
    expect(row.wait).toBeLessThanOrEqual(seconds);
    expect(row.token).toBeNull();
    expect(row.error).toMatch(/^why x{400}/);
  });

  it('reads an index and not the work that was ever done', async () => {
    await world.databases.orders.knex.raw(
      `insert into orders.outbox (id, topic, event_key, version, payload, status, enqueued_until)
       select gen_random_uuid(), 'test', n::text, 1, '{}', 'done', clock_timestamp() from generate_series(1, 20000) n`,
    );
    await world.databases.orders.knex.raw('analyze orders.outbox');
    await due(1);
    const reads = await inTransaction(world.databases.orders, 'test', async (tx) => {
      // A prepared statement gets its generic plan from the sixth run on.
      for (let run = 0; run < 8; run += 1) await claimsOf().claimIn(tx, { limit: 10, leaseMs: 60_000 });
      const seen = statement(
        'test.reads',
        `select seq_tup_read::int as rows from pg_stat_xact_user_tables where relname = 'outbox'`,
      );
      return tx.query<{ rows: number }>(seen);
    });
    expect(reads[0]!.rows).toBe(0);
  });
});
