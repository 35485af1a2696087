import { nextDelayMs } from '../consistency/best-effort/schedule';
import { type BirthClaim, type Claims, createClaims } from '../consistency/claims';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import { type Ids, idOf } from '../core/ids';
import { indexBy } from '../core/index-by';
import type { Incidents } from '../incidents/incident';
import {
  type ClaimedNotification,
  NOTIFICATIONS,
  type StartedAttempt,
  setAside,
  startAttempts,
} from './attempts-store';
import { type Endpoint, endpointsOfNotifications } from './endpoints-store';
import { exhaustedIncident } from './notification-incidents';

/** An attempt that is committed as `started` and must now be made. */
export interface Attempt {
  readonly notification: ClaimedNotification;
  readonly endpoint: Endpoint;
  readonly token: string;
}

export interface AttemptStarter {
  /**
   * Claims those of the notifications that are still due and commits that their attempts begin, before anything is sent.
   * What may no longer be sent (the endpoint was disabled, or the last attempt was cut off) ends here.
   */
  begin(ids: readonly string[]): Promise<readonly Attempt[]>;
}

export function createAttemptStarter(tools: {
  db: Database<'orders'>;
  ids: Ids;
  jitter: Jitter;
  incidents: Incidents;
  leaseMs: number;
}): AttemptStarter {
  const claims: Claims<'orders', ClaimedNotification> = createClaims(tools.db, NOTIFICATIONS, tools);
  return {
    begin: (ids) =>
      inTransaction(tools.db, 'notifications.begin_attempts', async (tx) => {
        const options = { limit: ids.length, leaseMs: tools.leaseMs, only: ids };
        const [{ token, rows }, endpoints] = await Promise.all([claims.claimIn(tx, options), endpointsOf(tx, ids)]);
        if (rows.length === 0) return [];
        const judged: Judgement[] = [];
        for (const row of rows) judged.push(judge(row, endpoints.get(row.endpointId)));
        await endWithoutAttempt(tx, judged, tools.incidents);
        const begun: Attempt[] = [];
        const started: StartedAttempt[] = [];
        for (const one of judged) {
          if (one.kind !== 'send') continue;
          const { notification, endpoint } = one;
          begun.push({ notification, endpoint, token });
          started.push(startedAttempt(notification, tools));
        }
        startAttempts(tx, started);
        return begun;
      }),
  };
}

function startedAttempt(
  notification: ClaimedNotification,
  { jitter, leaseMs }: { readonly jitter: Jitter; readonly leaseMs: number },
): StartedAttempt {
  const delayMs = nextDelayMs(notification.schedule, attemptsOfSchedule(notification), jitter);
  return {
    id: notification.id,
    number: notification.attempts,
    nextAfterMs: laterThanLease(delayMs, leaseMs),
  };
}

type Judgement =
  | { readonly kind: 'send'; readonly notification: ClaimedNotification; readonly endpoint: Endpoint }
  | {
      readonly kind: 'end';
      readonly notification: ClaimedNotification;
      readonly status: 'exhausted' | 'endpoint_disabled';
    };

function judge(notification: ClaimedNotification, endpoint: Endpoint | undefined): Judgement {
  if (endpoint?.status !== 'active') return { kind: 'end', notification, status: 'endpoint_disabled' };
  // The schedule has no further attempt: the last one was cut off, and this claim only found its lease run out.
  const isOver = nextDelayMs(notification.schedule, attemptsOfSchedule(notification) - 1, noJitter) === undefined;
  return isOver ? { kind: 'end', notification, status: 'exhausted' } : { kind: 'send', notification, endpoint };
}

function noJitter(): number {
  return 0;
}

/**
 * The first attempt at a notification that is born claimed.
 * @returns with it, after how many milliseconds the notification is tried again should this process die
 */
export function firstAttempt(
  notification: Omit<ClaimedNotification, 'attempts' | 'scheduleFrom'>,
  endpoint: Endpoint,
  { token, leaseMs }: BirthClaim,
  jitter: Jitter,
): { readonly attempt: Attempt; readonly againAfterMs: number } {
  const { id, orderId, endpointId, payload, traceparent, schedule } = notification;
  const claimed = { id, orderId, endpointId, payload, traceparent, schedule, attempts: 1, scheduleFrom: 0 };
  const { nextAfterMs } = startedAttempt(claimed, { jitter, leaseMs });
  return { attempt: { notification: claimed, endpoint, token }, againAfterMs: nextAfterMs ?? leaseMs };
}

/** A notification that was resent follows its schedule anew. */
export function attemptsOfSchedule(notification: ClaimedNotification): number {
  return notification.attempts - notification.scheduleFrom;
}

/** Until then the lease protects the attempt; a process that dies must not make the next one come early. */
function laterThanLease(delayMs: number | undefined, leaseMs: number): number | null {
  return delayMs !== undefined && delayMs > leaseMs ? delayMs : null;
}

async function endpointsOf(tx: Tx<'orders'>, notifications: readonly string[]): Promise<ReadonlyMap<string, Endpoint>> {
  return indexBy(await endpointsOfNotifications(tx, notifications), idOf);
}

function isEnd(one: Judgement): one is Extract<Judgement, { kind: 'end' }> {
  return one.kind === 'end';
}

async function endWithoutAttempt(tx: Tx<'orders'>, judged: readonly Judgement[], incidents: Incidents): Promise<void> {
  const ended = judged.filter(isEnd);
  if (ended.length === 0) return;
  await setAside(
    tx,
    ended.map(({ notification, status }) => ({ id: notification.id, status })),
  );
  const exhausted = ended.filter((one) => one.status === 'exhausted');
  if (exhausted.length === 0) return;
  await incidents.report(
    tx,
    exhausted.map(({ notification }) =>
      exhaustedIncident({
        id: notification.id,
        orderId: notification.orderId,
        endpointId: notification.endpointId,
        traceparent: notification.traceparent,
        attempts: notification.attempts - 1,
        error: 'the result of the last attempt is unknown',
      }),
    ),
  );
}
