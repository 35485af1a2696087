import type { z } from 'zod';
import { showId } from '../core/ids';
import type { EndpointView, pingView } from './endpoint-schemas';
import type { Endpoint } from './endpoints-store';
import type { Pinged } from './ping-endpoint';

/** An endpoint as operators and its merchant see it: without its secrets. */
export function showEndpoint(endpoint: Endpoint): EndpointView {
  return {
    id: showId('endpoint', endpoint.id),
    merchant: showId('merchant', endpoint.merchantId),
    url: endpoint.url,
    schedule: endpoint.schedule,
    success_rule: endpoint.successRule,
    event_types: endpoint.eventTypes === null ? null : [...endpoint.eventTypes],
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    disabled_at: endpoint.disabledAt?.toISOString() ?? null,
    failing_since: endpoint.failingSince?.toISOString() ?? null,
    failed_attempts: endpoint.failedAttempts,
    last_error: endpoint.lastError,
    last_failure_at: endpoint.lastFailureAt?.toISOString() ?? null,
    previous_secret_until: endpoint.previousSecretUntil?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
  };
}

export function showPing({ id, sentAt, sent }: Pinged): z.output<typeof pingView> {
  return {
    id: showId('notification', id),
    status: sent.result.kind === 'told' ? 'succeeded' : 'failed',
    http_status: sent.httpStatus,
    error: sent.error,
    response_excerpt: sent.excerpt,
    duration_ms: sent.durationMs,
    sent_at: sentAt.toISOString(),
  };
}
