import { hasRedis, startRedis } from '../test/support/redis';

/** What keeps the queue. */
export type Backend = 'postgres' | 'redis';
/** `spread` over all merchants, or everything to one `hot` merchant. */
export type Spread = 'spread' | 'hot';

/** Those that this machine has. */
export function usable(backends: readonly Backend[], tell: (line: string) => void): readonly Backend[] {
  if (!backends.includes('redis') || hasRedis()) return backends;
  tell('skipped: no redis-server (install: apt-get install redis-server)');
  return backends.filter((backend) => backend !== 'redis');
}

/** Gives the queue's own server to the work, where the queue is not in the database. */
export async function withQueue<Result>(
  backend: Backend,
  work: (redisUrl: string | undefined) => Promise<Result>,
): Promise<Result> {
  const redis = backend === 'redis' ? await startRedis() : undefined;
  try {
    return await work(redis?.url);
  } finally {
    await redis?.close();
  }
}
