import type { OutboxWorker } from '../src/consistency/outbox/consume';
import type { MessageId } from '../src/core/ids';
import type { JobHandler } from './queue-backend';
import type { Queues } from './queues';

/** The consumer links its lists into one chain, so more workers than this would wait for each other. */
const CONCURRENCY = 2;

export function outboxHandler(outbox: Pick<OutboxWorker, 'handle'>): JobHandler {
  return (ids) => outbox.handle(ids as readonly MessageId[]);
}

/** Takes jobs of the outbox's queue. */
export function consumeOutbox(queues: Queues, outbox: Pick<OutboxWorker, 'handle'>): { close(): Promise<void> } {
  return queues.work('outbox', CONCURRENCY, outboxHandler(outbox));
}
