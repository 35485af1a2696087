import { showId } from '../core/ids';
import type { Endpoint } from './endpoints-store';

/** An endpoint as the operator API shows it: without its secrets. */
export function showEndpoint(endpoint: Endpoint): Readonly<Record<string, unknown>> {
  return {
    id: showId('endpoint', endpoint.id),
    merchant: showId('merchant', endpoint.merchantId),
    url: endpoint.url,
    schedule: endpoint.schedule,
    success_rule: endpoint.successRule,
    status: endpoint.status,
    disabled_reason: endpoint.disabledReason,
    previous_secret_until: endpoint.previousSecretUntil?.toISOString() ?? null,
    created_at: endpoint.createdAt.toISOString(),
  };
}
