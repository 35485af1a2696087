import type { Logger } from 'pino';
import type { OutboxWorker } from '../src/consistency/outbox/consume';
import type { OwnMessages } from '../src/consistency/outbox/own-messages';
import type { Jitter } from '../src/core/backoff';
import type { Notifier } from '../src/notifications/deliver';
import type { OwnFirstAttempts } from '../src/notifications/first-attempts';
import { consumeOutbox, outboxHandler } from './consume-outbox';
import { deliverNotifications } from './deliver-notifications';
import type { QueueHints } from './hints';
import { overdueSweep } from './overdue-sweep';
import { type DailyReconciliation, reconcileDaily } from './reconcile';
import type { Queues } from './queues';
import { type Sweep, createSweeps } from './sweep';

export interface Workers {
  start(): void;
  /** Takes no more work and resolves when what was taken is done. */
  drain(): Promise<void>;
}

export interface WorkersTools {
  readonly queues: Queues;
  readonly hints: Pick<QueueHints, 'notifyHere'>;
  readonly own: OwnMessages;
  readonly first: Pick<OwnFirstAttempts, 'start' | 'stop'>;
  /** Whether everything goes through the queue, also what this process could do itself. */
  readonly queueEverything: boolean;
  readonly outbox: OutboxWorker;
  readonly notifier: Notifier;
  readonly reconcile: DailyReconciliation;
  /** Further sweeps: recovery of the inbox and of transactions, expiry of orders, clearing up. */
  readonly sweeps: readonly Sweep[];
  readonly jitter: Jitter;
  readonly logger: Pick<Logger, 'warn' | 'info'>;
}

/** Everything that a process does by itself: what the queue gives it, and what it looks for. */
export function createWorkers(tools: WorkersTools): Workers {
  const { queues, hints, own, first, outbox, notifier, reconcile } = tools;
  const sweeps = createSweeps(
    [
      overdueSweep('outbox', queues, {
        findOverdue: (limit) => outbox.findOverdue(limit),
        handle: outboxHandler(outbox),
      }),
      overdueSweep('notifications', queues, notifier),
      ...tools.sweeps,
    ],
    tools,
  );
  let workers: readonly { close(): Promise<void> }[] = [];
  return {
    start: () => {
      workers = [
        consumeOutbox(queues, outbox),
        deliverNotifications(queues, notifier),
        reconcileDaily(queues, reconcile),
      ];
      if (!tools.queueEverything) {
        own.start((token, messages) => outbox.handleOwn(token, messages));
        first.start(notifier.first);
        hints.notifyHere((ids) => notifier.handle(ids));
      }
      sweeps.start();
    },
    drain: async () => {
      own.stop();
      first.stop();
      hints.notifyHere(undefined);
      await Promise.all([sweeps.stop(), ...workers.map((worker) => worker.close())]);
      await notifier.drain();
    },
  };
}
