import { Queue, Worker } from 'bullmq';
import { Redis, type RedisOptions } from 'ioredis';
import { withinGoodbye } from './goodbye';
import {
  EVENTS,
  type ErrorListener,
  JOB_OPTIONS,
  type JobData,
  type QueueBackend,
  openQueue,
  openWorker,
} from './queue-backend';

/**
 * A connection that owes an answer for longer is broken and made anew: behind a firewall that has forgotten it, it would be waited for
 * without end. Longer than Redis lets a worker wait for a job (BullMQ: five seconds, ten where one is delayed).
 */
const SILENCE_MS = 15_000;

/** A producer fails at once where Redis is down, instead of keeping what it was given until Redis is back. */
const PRODUCER = { enableOfflineQueue: false, commandTimeout: 5_000 } as const satisfies RedisOptions;

/** @param url `redis://` or `rediss://` */
export function createRedisBackend(url: string, onError: ErrorListener): QueueBackend {
  return {
    openQueue: async (name, signal) => {
      const client = createClient(url, onError, PRODUCER);
      return closingBoth(client, () => {
        const options = { connection: client.redis, defaultJobOptions: JOB_OPTIONS, streams: EVENTS };
        return openQueue(new Queue<JobData>(name, options), onError, signal);
      });
    },
    openWorker: async (name, concurrency, handle, signal) => {
      const client = createClient(url, onError, {});
      return closingBoth(client, () => {
        const options = { connection: client.redis, concurrency, autorun: false };
        return openWorker(new Worker<JobData>(name, (job) => handle(job.data.ids), options), onError, signal);
      });
    },
    close: () => Promise.resolve(),
  };
}

interface Client {
  readonly redis: Redis;
  /** Ends it, and ends the reconnecting of the copies that BullMQ made of it. */
  end(): void;
}

/** Commands wait for their answer without end, as BullMQ demands; a connection that broke is made again within a second. */
function createClient(url: string, onError: ErrorListener, options: Partial<typeof PRODUCER>): Client {
  let ended = false;
  const redis = new Redis(url, {
    maxRetriesPerRequest: null,
    socketTimeout: SILENCE_MS,
    retryStrategy: (times) => (ended ? null : Math.min(times * 200, 1_000)),
    ...options,
  });
  redis.on('error', onError);
  return {
    redis,
    end: () => {
      ended = true;
      redis.disconnect();
    },
  };
}

/** BullMQ leaves a client that it was given open, so part and client are closed together, whichever of them fails. */
async function closingBoth<Part extends { close(): Promise<void> }>(
  client: Client,
  open: () => Promise<Part>,
): Promise<Part> {
  try {
    const part = await open();
    return {
      ...part,
      close: async () => {
        await withinGoodbye(part.close());
        client.end();
      },
    };
  } catch (error) {
    client.end();
    throw error;
  }
}
