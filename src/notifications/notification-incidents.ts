import { type EndpointId, type NotificationId, type OrderId, showId } from '../core/ids';
import type { Traceparent } from '../core/traceparent';
import type { NewIncident } from '../incidents/incident';

/** The schedule is over and the merchant was never told: somebody should tell them, or they ask the query API. */
export function exhaustedIncident(end: {
  id: NotificationId;
  orderId: OrderId;
  endpointId: EndpointId;
  attempts: number;
  error: string | null;
  traceparent: Traceparent | null;
}): NewIncident {
  return {
    kind: 'notification_exhausted',
    subject: showId('notification', end.id),
    orderId: end.orderId,
    traceparent: end.traceparent,
    facts: {
      order: showId('order', end.orderId),
      endpoint: showId('endpoint', end.endpointId),
      attempts: String(end.attempts),
      last_error: end.error,
    },
  };
}

/** Every attempt to an endpoint has failed for days, and it was disabled. */
export function endpointFailingIncident(dead: {
  id: EndpointId;
  url: string;
  failingSince: Date;
  failedAttempts: number;
  lastError: string | null;
}): NewIncident {
  return {
    kind: 'endpoint_failing',
    subject: showId('endpoint', dead.id),
    facts: {
      url: dead.url,
      failing_since: dead.failingSince.toISOString(),
      failed_attempts: String(dead.failedAttempts),
      last_error: dead.lastError,
    },
  };
}

/** An endpoint answered 410 and was disabled. */
export function endpointGoneIncident(id: EndpointId, url: string): NewIncident {
  return { kind: 'endpoint_gone', subject: showId('endpoint', id), facts: { url } };
}
