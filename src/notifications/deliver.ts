import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Database } from '../consistency/transaction';
import { type Jitter, backoffMs } from '../core/backoff';
import type { Clock } from '../core/clock';
import { isTransient } from '../core/errors';
import { type EndpointId, type Ids, type NotificationId, showId } from '../core/ids';
import { indexBy } from '../core/index-by';
import { traceFields } from '../core/traceparent';
import type { Sealer } from '../core/sealing';
import type { Incidents } from '../incidents/incident';
import { type Attempt, type AttemptStarter, createAttemptStarter } from './begin-attempts';
import { createBacklog } from './backlog';
import { BREAKER_LIMITS, type BreakerLimits, createCircuitBreakers } from './circuit-breakers';
import type { DeadAfter } from './endpoint-health-store';
import { type FirstAttempts, createFirstAttempts } from './first-attempts';
import type { HttpClient } from './http-client';
import { dueNotifications, markOverdue } from './notifications-store';
import { createResultRecorder } from './record-results';
import { createWebhooks } from './send-webhook';
import { traceAttempt } from './trace-attempt';
import { type Place, ROOM_LIMITS, type RoomLimits, createWaitingRooms } from './waiting-rooms';

export interface Notifier {
  /** The first attempts at what this process announces itself. */
  readonly first: FirstAttempts;
  /**
   * Takes in those of the notifications that are still due and sends each as soon as its endpoint has a place. Resolves
   * when they are taken in, not when they are sent, so that a slow endpoint does not hold up the queue.
   * @throws Unavailable where the orders database cannot be reached; the sweep finds them again
   */
  handle(ids: readonly string[]): Promise<void>;
  /** About `limit` notifications that are due and that no queue is known to hold, for the sweep. Lets probes go, too. */
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
  readonly logger: Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>;
  readonly tracer: Tracer;
  readonly observer?: AttemptObserver;
  readonly limits?: Partial<RoomLimits>;
  readonly breakers?: Partial<BreakerLimits>;
  /** When an endpoint is disabled because every attempt fails. */
  readonly deadAfter?: DeadAfter;
  /** How long an attempt may take with everything around it, before another process may take it for lost. */
  readonly leaseMs?: number;
}

type Due = Place<NotificationId, EndpointId>;

interface DueNotification {
  readonly id: NotificationId;
  readonly endpointId: EndpointId;
}

/** One claim takes at most so many. */
const CLAIM = 200;
/** A result that cannot be written is tried so often again; the lease lasts longer than that. */
const WRITE_TRIES = 6;
/** So many rows of one endpoint does one look of the sweep hand out, and so many looks does one run take. */
const LOOK_PER_ENDPOINT = 50;
const MOST_LOOKS = 10;

export function createNotifier(tools: NotifierTools): Notifier {
  const leaseMs = tools.leaseMs ?? 45_000;
  const starter = createAttemptStarter({ ...tools, leaseMs });
  const perform = createPerformer(tools);
  const breakers = createCircuitBreakers<EndpointId>(tools.clock, { ...BREAKER_LIMITS, ...tools.breakers });
  const limits = { ...ROOM_LIMITS, ...tools.limits };
  const rooms = createWaitingRooms<NotificationId, EndpointId>(limits, breakers, tools.clock);
  const backlog = createBacklog(tools);
  let pumping = false;
  let asked = 0;
  let draining = false;
  const whenSettled: (() => void)[] = [];

  const hasNoRoom = ({ id, endpointId }: DueNotification): boolean => rooms.enter(id, endpointId) === 'full';
  const takeIn = (due: readonly DueNotification[]): Promise<void> => backlog.putOff(due.filter(hasNoRoom));

  const finish = (place: Due, worked: boolean | undefined): void => {
    rooms.leave(place, worked);
    if (worked === true) backlog.works(place.endpoint);
    void pump();
  };

  const make = async (place: Due, attempt: Attempt): Promise<void> => {
    finish(place, await perform(attempt));
  };

  const begin = async (places: readonly Due[]): Promise<void> => {
    const attempts = await beginOrNone(starter, tools, places);
    const byId = indexBy(attempts, notificationOf);
    for (const place of places) {
      const attempt = byId.get(place.item);
      if (attempt === undefined) rooms.leave(place, undefined);
      else void make(place, attempt);
    }
  };

  // One claim at a time: while it is in flight, places become free and ids arrive, and the next claim takes them all. Who
  // finds the pump at work has it go round once more, because it may already have looked past what is new.
  const pump = async (): Promise<void> => {
    asked += 1;
    if (pumping) return;
    pumping = true;
    for (let answered = 0; answered !== asked;) {
      answered = asked;
      for (let places = next(); places.length > 0; places = next()) await begin(places);
      await backlog.putOff(rooms.takeSurplus());
      const drawn = draining ? [] : await backlog.draw((endpoint) => rooms.appetite(endpoint));
      await takeIn(drawn);
      if (drawn.length > 0) asked += 1;
    }
    pumping = false;
    if (rooms.inFlight() > 0) return;
    for (const resolve of whenSettled.splice(0)) resolve();
  };
  const next = (): readonly Due[] => (draining ? [] : rooms.take(CLAIM));

  const settled = (): Promise<void> =>
    new Promise((resolve) => {
      whenSettled.push(resolve);
      void pump();
    });

  return {
    first: createFirstAttempts({ ids: tools.ids, leaseMs, isDraining: () => draining, rooms, make, finish }),
    handle: async (ids) => {
      if (draining) return;
      await takeIn(await dueNotifications(tools.db, ids));
      void pump();
    },
    findOverdue: async (limit) => {
      await backlog.look();
      // Probes become due without anything that arrives or ends.
      void pump();
      return lookForOverdue(tools.db, limit);
    },
    settled,
    drain: () => {
      draining = true;
      rooms.clear();
      return settled();
    },
  };
}

/**
 * Looks until enough rows can be handed out, or nothing more is due. One endpoint gets at most half of them, so that a list
 * which has become due at once leaves room for all others.
 */
async function lookForOverdue(db: Database<'orders'>, limit: number): Promise<readonly NotificationId[]> {
  const found: NotificationId[] = [];
  for (let look = 0; look < MOST_LOOKS; look += 1) {
    const seen = await markOverdue(db, limit, LOOK_PER_ENDPOINT);
    found.push(...seen.filter((row) => !row.putOff).map((row) => row.id));
    if (seen.length < limit || found.length >= limit) break;
  }
  return found;
}

async function beginOrNone(
  starter: AttemptStarter,
  { logger }: Pick<NotifierTools, 'logger'>,
  places: readonly Due[],
): Promise<readonly Attempt[]> {
  try {
    return await starter.begin(places.map(itemOf));
  } catch (error) {
    const facts = { event: 'notification.not_claimed', err: error, notifications: places.length };
    logger.warn(facts, 'notifications could not be claimed');
    return [];
  }
}

function notificationOf(attempt: Attempt): NotificationId {
  return attempt.notification.id;
}

function itemOf(place: Due): NotificationId {
  return place.item;
}

/** Makes one attempt and records it. @returns whether it worked; undefined where that is not known */
function createPerformer(tools: NotifierTools): (attempt: Attempt) => Promise<boolean | undefined> {
  const webhooks = createWebhooks(tools);
  const recorder = createResultRecorder(tools);
  return async (attempt) => {
    const { id, payload } = attempt.notification;
    try {
      const judged = await traceAttempt(tools, attempt, (traceparent) =>
        webhooks.send(id, payload, attempt.endpoint, traceparent),
      );
      tools.observer?.({ notification: id, result: judged.result.kind, durationMs: judged.durationMs });
      await persisting(() => recorder.record(attempt, judged), tools.jitter);
      return judged.result.kind === 'told';
    } catch (error) {
      // The attempt stays `started`; when its lease has run out, the schedule goes on from there.
      const notification = showId('notification', id);
      const facts = { event: 'notification.result_lost', err: error, notification };
      tools.logger.error(
        { ...facts, ...traceFields(attempt.notification.traceparent) },
        'the result of a notification could not be recorded',
      );
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
