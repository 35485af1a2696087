import { Redis } from 'ioredis';
import { Client } from 'pg';
import { type Field, type Inflict, lasting } from './field';

export const flush: Inflict<'flush'> = async (_fault, field) => {
  const { redis } = field.stage;
  // A server that is away just now has nothing that could be lost.
  await (redis === undefined ? flushPostgres(field) : flushRedis(redis.url)).catch(() => undefined);
};

export const queue: Inflict<'queue'> = async ({ downMs }, field) => {
  const { redis } = field.stage;
  if (redis === undefined) {
    await flushPostgres(field).catch(() => undefined);
    return;
  }
  await redis.kill();
  await lasting(field, downMs);
  await redis.start();
};

async function flushRedis(url: string): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  try {
    await client.flushall();
  } finally {
    client.disconnect();
  }
}

async function flushPostgres({ stage }: Field): Promise<void> {
  const client = new Client({ connectionString: stage.urls.orders, connectionTimeoutMillis: 3_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`set lock_timeout = '2s'; truncate bullmq.job cascade`);
  } finally {
    await client.end();
  }
}
