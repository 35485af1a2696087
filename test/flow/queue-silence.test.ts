import { systemJitter } from '../../src/core/backoff';
import { createQueues } from '../../jobs/queues';
import { type QueueServer, postgresQueueServer, redisQueueServer } from '../support/queue-server';
import { idTracer } from '../support/quiet';
import { describeWithRedis } from '../support/redis';
import { startTcpProxy } from '../support/tcp-proxy';

jest.setTimeout(300_000);
const silent = { warn: () => undefined, info: () => undefined, debug: () => undefined };

/** Connections that are silent for ever, as behind a firewall that has forgotten them, while new ones work. */
function outlivesSilence(start: () => Promise<QueueServer>): void {
  // Beside the other backend's, because each waits until its connections are given up.
  it.concurrent('takes jobs again after its connections have fallen silent', async () => {
    const server = await start();
    const at = new URL(server.redisUrl ?? server.postgresUrl);
    const proxy = await startTcpProxy({ host: at.hostname, port: Number(at.port) });
    Object.assign(at, { hostname: '127.0.0.1', port: String(proxy.port) });
    const through = server.redisUrl === undefined ? { postgresUrl: at.href } : { redisUrl: at.href };
    const queues = createQueues({ ...server, ...through, logger: silent, jitter: systemJitter, tracer: idTracer });
    const taken = new Set<string>();
    queues.work('outbox', 2, async (ids) => {
      for (const id of ids) taken.add(id);
      await new Promise((resolve) => setTimeout(resolve, 5));
    });
    let next = 0;
    /** Adds until so many of what is added from now on were taken. */
    const addUntilTaken = async (count: number): Promise<void> => {
      const from = next;
      const fresh = (): number => [...taken].filter((id) => Number(id) >= from).length;
      while (fresh() < count) {
        await queues.add('outbox', [String((next += 1))]);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    try {
      await addUntilTaken(20);
      proxy.hang();
      for (let round = 0; round < 20; round += 1) {
        void queues.add('outbox', [String((next += 1))]);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await proxy.up();
      await addUntilTaken(20);
    } finally {
      await queues.close();
      await proxy.down();
      await server.close();
    }
  });
}

describe('the queue on PostgreSQL', () => {
  outlivesSilence(postgresQueueServer);
});
describeWithRedis('the queue on Redis', () => {
  outlivesSilence(redisQueueServer);
});
