import type { Notifier } from '../src/notifications/deliver';
import type { Queues } from './queues';

/** A job ends when its notifications are taken in, not when they are sent: a few at a time are plenty. */
const CONCURRENCY = 2;

/** Takes jobs of the notifications' queue. */
export function deliverNotifications(queues: Queues, notifier: Pick<Notifier, 'handle'>): { close(): Promise<void> } {
  return queues.work('notifications', CONCURRENCY, (ids) => notifier.handle(ids));
}
