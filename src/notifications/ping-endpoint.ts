import { Problem } from '../core/errors';
import type { Clock } from '../core/clock';
import { type Ids, type NotificationId, showId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { Endpoint } from './endpoints-store';
import type { Sent, Webhooks } from './send-webhook';

/** What happened to a test message. */
export interface Pinged {
  readonly id: NotificationId;
  readonly sentAt: Date;
  readonly sent: Sent;
}

/**
 * Sends a signed `quittance.ping` now and says what happened. It is of no order, follows no schedule and is not recorded;
 * a disabled endpoint may be pinged, to see whether it works again.
 * @throws Problem `overloaded` where many are waited for already: each may take as long as an endpoint likes to hang
 */
export type PingEndpoint = (endpoint: Endpoint, traceparent: Traceparent) => Promise<Pinged>;

const MOST_AT_ONCE = 20;

export function createPingEndpoint(tools: {
  readonly webhooks: Webhooks;
  readonly ids: Ids;
  readonly clock: Clock;
}): PingEndpoint {
  let inFlight = 0;
  const pinged = new Set<string>();
  return async (endpoint, traceparent) => {
    if (inFlight >= MOST_AT_ONCE || pinged.has(endpoint.id)) {
      throw new Problem('overloaded', 'a ping is under way; wait for what it says', { retryAfter: 15 });
    }
    inFlight += 1;
    pinged.add(endpoint.id);
    try {
      const id = tools.ids.next<'notification'>();
      const sentAt = tools.clock.now();
      const body = {
        type: 'quittance.ping',
        timestamp: sentAt.toISOString(),
        id: showId('notification', id),
        data: {},
      };
      return { id, sentAt, sent: await tools.webhooks.send(id, JSON.stringify(body), endpoint, traceparent) };
    } finally {
      inFlight -= 1;
      pinged.delete(endpoint.id);
    }
  };
}
