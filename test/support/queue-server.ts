import { Redis } from 'ioredis';
import { Client, type DatabaseError } from 'pg';
import { createTestDatabase, dropTestDatabase } from './databases';
import { startRedis } from './redis';
import { startTcpProxy } from './tcp-proxy';

/** What the queue lives in, and how a test makes trouble for it. */
export interface QueueServer {
  readonly redisUrl: string | undefined;
  readonly postgresUrl: string;
  down(): Promise<void>;
  up(): Promise<void>;
  /** Every job, in whatever state, is gone. */
  loseEverything(): Promise<void>;
  /** How many connections the service under test has to it. */
  connections(): Promise<number>;
  close(): Promise<void>;
}

export async function redisQueueServer(): Promise<QueueServer> {
  const redis = await startRedis();
  if (redis === undefined) throw new Error('these tests are for machines with a redis-server');
  const command = async <R>(run: (client: Redis) => Promise<R>): Promise<R> => {
    const client = new Redis(redis.url);
    try {
      return await run(client);
    } finally {
      client.disconnect();
    }
  };
  return {
    redisUrl: redis.url,
    postgresUrl: 'postgres://127.0.0.1:1/nobody',
    down: () => redis.kill(),
    up: () => redis.start(),
    loseEverything: async () => {
      await command((client) => client.flushall());
    },
    connections: () =>
      command(
        async (client) =>
          String(await client.client('LIST'))
            .trim()
            .split('\n').length - 1,
      ),
    close: () => redis.close(),
  };
}

export async function postgresQueueServer(): Promise<QueueServer> {
  const direct = await createTestDatabase();
  const { hostname, port } = new URL(direct);
  const proxy = await startTcpProxy({ host: hostname, port: Number(port) });
  const through = new URL(direct);
  through.hostname = '127.0.0.1';
  through.port = String(proxy.port);
  const sql = async <R>(text: string): Promise<R[]> => {
    const client = new Client({ connectionString: direct });
    await client.connect();
    try {
      return (await client.query(text)).rows as R[];
    } finally {
      await client.end();
    }
  };
  return {
    redisUrl: undefined,
    postgresUrl: through.toString(),
    down: () => proxy.down(),
    up: () => proxy.up(),
    loseEverything: async () => {
      // The queue may be in the middle of something, and one of the two must give way where both would wait for ever.
      for (let tries = 1; ; tries += 1) {
        try {
          await sql('truncate bullmq.job cascade');
          return;
        } catch (error) {
          if (tries === 20 || (error as Partial<DatabaseError>).code !== '40P01') throw error;
        }
      }
    },
    connections: async () =>
      (
        await sql(`select pid from pg_stat_activity
                    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()`)
      ).length,
    close: async () => {
      await proxy.down();
      await dropTestDatabase(direct);
    },
  };
}
