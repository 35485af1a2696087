import { showId } from '../core/ids';
import type { DeliveryAttempt } from './delivery-store';
import type { DeliveryAndAttempts } from './list-deliveries';

/** A notification as the merchant API shows it, with its attempts. */
export function showDelivery(delivery: DeliveryAndAttempts): Readonly<Record<string, unknown>> {
  return {
    id: showId('notification', delivery.id),
    order: showId('order', delivery.orderId),
    type: delivery.type,
    endpoint: delivery.endpointId === null ? null : showId('endpoint', delivery.endpointId),
    url: delivery.url,
    status: delivery.status,
    next_attempt_at: delivery.status === 'scheduled' ? delivery.nextTryAt.toISOString() : null,
    created_at: delivery.createdAt.toISOString(),
    ended_at: delivery.endedAt?.toISOString() ?? null,
    attempts: delivery.attempts.map(showAttempt),
  };
}

function showAttempt(attempt: DeliveryAttempt): Readonly<Record<string, unknown>> {
  return {
    number: attempt.number,
    status: attempt.status,
    http_status: attempt.httpStatus,
    error: attempt.error,
    response_excerpt: attempt.excerpt,
    duration_ms: attempt.durationMs,
    started_at: attempt.startedAt.toISOString(),
    ended_at: attempt.endedAt?.toISOString() ?? null,
  };
}
