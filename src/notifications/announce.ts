import { nextDelayMs } from '../consistency/best-effort/schedule';
import type { Tx } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import type { Clock } from '../core/clock';
import { groupBy } from '../core/group-by';
import { type Ids, type MerchantId, type NotificationId, idOf, showId } from '../core/ids';
import { type Attempt, firstAttempt } from './begin-attempts';
import { type Endpoint, activeEndpoints } from './endpoints-store';
import type { FirstAttempts, KeptPlace, OwnFirstAttempts } from './first-attempts';
import { type NewNotification, insertNotifications } from './notifications-store';
import type { Announced, Announcement, NotificationType, Notifications } from './notify';

interface Tools {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly jitter: Jitter;
  /** Who sends what this process announces itself, where anybody does. */
  readonly first: OwnFirstAttempts;
}

/** A first attempt that begins with its notification, and the place that is kept for it. */
interface Begun {
  readonly place: KeptPlace;
  readonly attempt: Attempt;
}

/**
 * One row per announcement and active endpoint that wants such events, so that each endpoint has a schedule of its own; an
 * order that no endpoint wants to hear of gets a row that says so, because every final state has its notification (guarantee 8). The text
 * that will be signed is made here, once: every attempt sends the same bytes, whatever becomes of the order meanwhile.
 */
export function createNotifications(tools: Tools): Notifications {
  return {
    prepare: (tx, merchants) => {
      const asking = activeEndpointsOf(tx, merchants);
      return async (announcements) => {
        if (announcements.length === 0) return NOTHING;
        return announceAndBegin(tools, tx, announcements, await asking);
      };
    },
    announce: async (tx, announcements) => {
      if (announcements.length === 0) return [];
      const endpoints = await activeEndpointsOf(tx, [...new Set(announcements.map(merchantOf))]);
      const rows = rowsFor(announcements, endpoints, tools, undefined);
      insertNotifications(tx, rows).catch(heardByTheTransaction);
      return rows.filter(isDueNow).map(idOf);
    },
  };
}

function activeEndpointsOf(tx: Tx<'orders'>, merchants: readonly MerchantId[]): Promise<readonly Endpoint[]> {
  return merchants.length === 0 ? Promise.resolve([]) : activeEndpoints(tx, merchants);
}

/** Whatever of a transaction fails makes all of it fail, for whoever began it. */
function heardByTheTransaction(): void {
  // Nothing is to be done.
}

const NOTHING: Announced = { committed: () => [], failed: () => undefined };

/** The first attempts that begin in a transaction. */
interface Beginning {
  readonly first: FirstAttempts;
  readonly begun: Begun[];
}

/** Keeps a place for each notification that can go at once; the others are for the queue. */
function announceAndBegin(
  tools: Tools,
  tx: Tx<'orders'>,
  announcements: readonly Announcement[],
  endpoints: readonly Endpoint[],
): Announced {
  const first = tools.first.by();
  const beginning = first === undefined ? undefined : { first, begun: [] };
  try {
    const rows = rowsFor(announcements, endpoints, tools, beginning);
    const inserting = insertNotifications(tx, rows);
    inserting.catch(heardByTheTransaction);
    return {
      committed: () => {
        if (beginning !== undefined) void sendThose(beginning, inserting);
        return rows.filter(isDueNow).map(idOf);
      },
      failed: () => {
        giveBack(beginning);
      },
    };
  } catch (error) {
    giveBack(beginning);
    throw error;
  }
}

function giveBack(beginning: Beginning | undefined): void {
  for (const { place } of beginning?.begun ?? []) beginning?.first.giveBack(place);
}

/** What was announced before, by whomever, is not sent from here. */
async function sendThose({ first, begun }: Beginning, inserting: Promise<readonly NotificationId[]>): Promise<void> {
  const inserted = new Set(await inserting);
  for (const { place, attempt } of begun) {
    if (inserted.has(attempt.notification.id)) first.send(place, attempt);
    else first.giveBack(place);
  }
}

function rowsFor(
  announcements: readonly Announcement[],
  endpoints: readonly Endpoint[],
  tools: Tools,
  beginning: Beginning | undefined,
): readonly NewNotification[] {
  const ofMerchant = groupBy(endpoints, merchantOf);
  const rows: NewNotification[] = [];
  for (const told of announcements) {
    const before = rows.length;
    for (const endpoint of ofMerchant.get(told.merchantId) ?? [])
      if (wants(endpoint, told.type)) rows.push(rowFor(told, endpoint, tools, beginning));
    if (rows.length === before) rows.push(rowFor(told, undefined, tools, undefined));
  }
  return rows;
}

function rowFor(
  told: Announcement,
  endpoint: Endpoint | undefined,
  tools: Tools,
  beginning: Beginning | undefined,
): NewNotification {
  const id = tools.ids.next<'notification'>();
  const payload = payloadOf(id, told, tools.clock);
  const delayMs = endpoint === undefined ? 0 : (nextDelayMs(endpoint.schedule, 0, tools.jitter) ?? 0);
  const againAfterMs =
    endpoint === undefined || beginning === undefined || delayMs > 0
      ? undefined
      : begin({ id, payload, told }, endpoint, beginning, tools.jitter);
  return {
    id,
    merchantId: told.merchantId,
    orderId: told.orderId,
    endpointId: endpoint?.id ?? null,
    type: told.type,
    payload,
    traceparent: told.traceparent,
    delayMs: againAfterMs ?? delayMs,
    token: againAfterMs === undefined ? null : (beginning?.first.claim.token ?? null),
    schedule: endpoint?.schedule ?? null,
  };
}

/**
 * Begins the first attempt with its notification, where its endpoint has a place.
 * @returns after how many milliseconds it is tried again should this process die; undefined where it is for the queue
 */
function begin(
  { id, payload, told }: { readonly id: NotificationId; readonly payload: string; readonly told: Announcement },
  endpoint: Endpoint,
  { first, begun }: Beginning,
  jitter: Jitter,
): number | undefined {
  const place = first.keep(id, endpoint.id);
  if (place === undefined) return undefined;
  const { orderId, traceparent } = told;
  const notification = { id, orderId, endpointId: endpoint.id, payload, traceparent, schedule: endpoint.schedule };
  const { attempt, againAfterMs } = firstAttempt(notification, endpoint, first.claim, jitter);
  begun.push({ place, attempt });
  return againAfterMs;
}

function merchantOf({ merchantId }: Endpoint | Announcement): MerchantId {
  return merchantId;
}

function isDueNow(row: NewNotification): boolean {
  return row.endpointId !== null && row.delayMs === 0 && row.token === null;
}

function wants(endpoint: { eventTypes: readonly NotificationType[] | null }, type: NotificationType): boolean {
  return endpoint.eventTypes === null || endpoint.eventTypes.includes(type);
}

/** The body as the Standard Webhooks specification recommends it (`type`, `timestamp`, `data`), with the id that `webhook-id` carries. */
function payloadOf(id: NotificationId, told: Announcement, clock: Clock): string {
  return JSON.stringify({
    type: told.type,
    timestamp: clock.now().toISOString(),
    id: showId('notification', id),
    data: told.data,
  });
}
