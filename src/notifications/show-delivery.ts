import { showId } from '../core/ids';
import { traceIdOf } from '../core/traceparent';
import type { DeliveryAttempt } from './delivery-store';
import type { DeliveryAndAttempts } from './list-deliveries';
import type { AttemptView, NotificationView } from './notification-schemas';

/** A notification as the API shows it, with its attempts. */
export function showDelivery(delivery: DeliveryAndAttempts): NotificationView {
  return {
    id: showId('notification', delivery.id),
    merchant: showId('merchant', delivery.merchantId),
    order: showId('order', delivery.orderId),
    type: delivery.type,
    endpoint: delivery.endpointId === null ? null : showId('endpoint', delivery.endpointId),
    url: delivery.url,
    status: delivery.status,
    next_attempt_at: delivery.status === 'scheduled' ? delivery.nextTryAt.toISOString() : null,
    put_off: delivery.putOff,
    last_error: delivery.lastError,
    attempts_made: delivery.attemptsMade,
    age_seconds: delivery.ageSeconds,
    trace_id: traceIdOf(delivery.traceparent),
    created_at: delivery.createdAt.toISOString(),
    ended_at: delivery.endedAt?.toISOString() ?? null,
    attempts: delivery.attempts.map(showAttempt),
  };
}

function showAttempt(attempt: DeliveryAttempt): AttemptView {
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
