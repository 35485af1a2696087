import type { Logger } from 'pino';
import type { Database } from '../consistency/transaction';
import { type Jitter, backoffMs } from '../core/backoff';
import type { Clock } from '../core/clock';
import { isTransient } from '../core/errors';
import type { EndpointId, Ids, NotificationId } from '../core/ids';
import type { Sealer } from '../core/sealing';
import type { Incidents } from '../incidents/incident';
import { type Attempt, createAttemptStarter } from './begin-attempts';
import type { HttpClient } from './http-client';
import { dueNotifications, markOverdue } from './notifications-store';
import { createResultRecorder } from './record-results';
import { createWebhooks } from './send-webhook';
import { type Place, ROOM_LIMITS, type RoomLimits, createWaitingRooms } from './waiting-rooms';

export interface Notifier {
  /**
   * Takes in those of the notifications that are still due and sends each as soon as its endpoint has a place. Resolves
   * when they are taken in, not when they are sent, so that a slow endpoint does not hold up the queue.
   * @throws Unavailable where the orders database cannot be reached; the sweep finds them again
   */
  handle(ids: readonly string[]): Promise<void>;
  /** Up to `limit` notifications that are due and that no queue is known to hold, for the sweep. */
  findOverdue(limit: number): Promise<readonly string[]>;
  /** Resolves when nothing waits and nothing is in flight. */
  settled(): Promise<void>;
  /** Begins nothing more and resolves when what is in flight is recorded. What waits is found by the next process. */
  drain(): Promise<void>;
}

/** Told of every attempt that was made, for metrics. */
export type AttemptObserver = (attempt: {
  readonly notification: NotificationId;
  /** `told`, `refused` and so on. */
  readonly result: string;
  readonly durationMs: number;
}) => void;

export interface NotifierTools {
  readonly db: Database<'orders'>;
  readonly sealer: Sealer;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly jitter: Jitter;
  readonly http: HttpClient;
  readonly incidents: Incidents;
  readonly logger: Pick<Logger, 'warn' | 'error'>;
  readonly observer?: AttemptObserver;
  readonly limits?: Partial<RoomLimits>;
  /** How long an attempt may take with everything around it, before another process may take it for lost. */
  readonly leaseMs?: number;
}

/** One claim takes at most so many. */
const CLAIM = 200;
/** A result that cannot be written is tried so often again; the lease lasts longer than that. */
const WRITE_TRIES = 6;

export function createNotifier(tools: NotifierTools): Notifier {
  const starter = createAttemptStarter({ ...tools, leaseMs: tools.leaseMs ?? 45_000 });
  const perform = createPerformer(tools);
  const rooms = createWaitingRooms<NotificationId, EndpointId>({ ...ROOM_LIMITS, ...tools.limits });
  let pumping = false;
  let draining = false;
  const whenSettled: (() => void)[] = [];

  const finish = (place: Place<NotificationId, EndpointId>, worked: boolean | undefined): void => {
    rooms.leave(place, worked);
    void pump();
  };

  const begin = async (places: readonly Place<NotificationId, EndpointId>[]): Promise<void> => {
    const attempts = await beginOrNone(places.map((place) => place.item));
    const byId = new Map(attempts.map((attempt) => [attempt.notification.id, attempt]));
    for (const place of places) {
      const attempt = byId.get(place.item);
      if (attempt === undefined) rooms.leave(place, undefined);
      else
        void perform(attempt).then((worked) => {
          finish(place, worked);
        });
    }
  };

  const beginOrNone = async (ids: readonly NotificationId[]): Promise<readonly Attempt[]> => {
    try {
      return await starter.begin(ids);
    } catch (error) {
      tools.logger.warn({ err: error, notifications: ids.length }, 'notifications could not be claimed');
      return [];
    }
  };

  // One claim at a time: while it is in flight, places become free and ids arrive, and the next claim takes them all.
  const pump = async (): Promise<void> => {
    if (pumping) return;
    pumping = true;
    for (let places = next(); places.length > 0; places = next()) await begin(places);
    pumping = false;
    if (rooms.inFlight() > 0) return;
    for (const resolve of whenSettled.splice(0)) resolve();
  };
  const next = (): readonly Place<NotificationId, EndpointId>[] => (draining ? [] : rooms.take(CLAIM));

  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      whenSettled.push(resolve);
      void pump();
    });

  return {
    handle: async (ids) => {
      if (draining) return;
      for (const due of await dueNotifications(tools.db, ids)) rooms.enter(due.id, due.endpointId);
      void pump();
    },
    findOverdue: (limit) => markOverdue(tools.db, limit),
    settled,
    drain: () => {
      draining = true;
      rooms.clear();
      return settled();
    },
  };
}

/** Makes one attempt and records it. @returns whether it worked; undefined where that is not known */
function createPerformer(tools: NotifierTools): (attempt: Attempt) => Promise<boolean | undefined> {
  const webhooks = createWebhooks(tools);
  const recorder = createResultRecorder(tools);
  return async (attempt) => {
    const { id, payload } = attempt.notification;
    try {
      const judged = await webhooks.send(id, payload, attempt.endpoint);
      tools.observer?.({ notification: id, result: judged.result.kind, durationMs: judged.durationMs });
      await persisting(() => recorder.record(attempt, judged), tools.jitter);
      return judged.result.kind === 'told';
    } catch (error) {
      // The attempt stays `started`; when its lease has run out, the schedule goes on from there.
      tools.logger.error({ err: error, notification: id }, 'the result of a notification could not be recorded');
      return undefined;
    }
  };
}

async function persisting(write: () => Promise<void>, jitter: Jitter): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await write();
      return;
    } catch (error) {
      if (!isTransient(error) || tries >= WRITE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(tries, jitter, 200, 5_000)));
    }
  }
}
