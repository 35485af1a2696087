import { nextDelayMs } from '../consistency/best-effort/schedule';
import type { Jitter } from '../core/backoff';
import type { Clock } from '../core/clock';
import { groupBy } from '../core/group-by';
import { type Ids, type MerchantId, type NotificationId, idOf, showId } from '../core/ids';
import { type ActiveEndpoint, type NewNotification, activeEndpoints, insertNotifications } from './notifications-store';
import type { Announcement, NotificationType, Notifications } from './notify';

interface Tools {
  readonly ids: Ids;
  readonly clock: Clock;
  readonly jitter: Jitter;
}

/**
 * One row per announcement and active endpoint that wants such events, so that each endpoint has a schedule of its own; an
 * order that no endpoint wants to hear of gets a row that says so, because every final state has its notification (guarantee 8). The text
 * that will be signed is made here, once: every attempt sends the same bytes, whatever becomes of the order meanwhile.
 */
export function createNotifications(tools: Tools): Notifications {
  const prepare: Notifications['prepare'] = (tx, merchants) => {
    const asking = merchants.length === 0 ? Promise.resolve([]) : activeEndpoints(tx, merchants);
    return async (announcements) => {
      if (announcements.length === 0) return [];
      const rows = rowsFor(announcements, await asking, tools);
      insertNotifications(tx, rows);
      return rows.filter(isDueNow).map(idOf);
    };
  };
  return {
    prepare,
    announce: (tx, announcements) => prepare(tx, [...new Set(announcements.map(merchantOf))])(announcements),
  };
}

function rowsFor(
  announcements: readonly Announcement[],
  endpoints: readonly ActiveEndpoint[],
  tools: Tools,
): readonly NewNotification[] {
  const ofMerchant = groupBy(endpoints, merchantOf);
  const rows: NewNotification[] = [];
  for (const told of announcements) {
    const before = rows.length;
    for (const endpoint of ofMerchant.get(told.merchantId) ?? [])
      if (wants(endpoint, told.type)) rows.push(rowFor(told, endpoint, tools));
    if (rows.length === before) rows.push(rowFor(told, undefined, tools));
  }
  return rows;
}

function rowFor(told: Announcement, endpoint: ActiveEndpoint | undefined, tools: Tools): NewNotification {
  const id = tools.ids.next<'notification'>();
  return {
    id,
    merchantId: told.merchantId,
    orderId: told.orderId,
    endpointId: endpoint?.id ?? null,
    type: told.type,
    payload: payloadOf(id, told, tools.clock),
    traceparent: told.traceparent,
    delayMs: endpoint === undefined ? 0 : (nextDelayMs(endpoint.schedule, 0, tools.jitter) ?? 0),
    schedule: endpoint?.schedule ?? null,
  };
}

function merchantOf({ merchantId }: ActiveEndpoint | Announcement): MerchantId {
  return merchantId;
}

function isDueNow(row: NewNotification): boolean {
  return row.endpointId !== null && row.delayMs === 0;
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
