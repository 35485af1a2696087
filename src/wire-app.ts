import type { Express } from 'express';
import { createChannelDirectory } from './channels/channel-directory';
import { channelRegistry } from './channels/registry';
import { allOperators } from './config-operators';
import { systemRandom } from './core/random';
import type { Foundation } from './foundation';
import { createApp } from './http/app';
import { merchantAuthentication, operatorAuthentication } from './http/authentication';
import { idempotency } from './http/idempotency';
import { createIdempotencyKeys } from './http/idempotency-keys';
import { createApiKeys } from './merchants/manage-api-keys';
import type { HttpClient } from './notifications/http-client';
import { createOperatorActions } from './operator-actions/record-operator-actions';
import { readiness } from './readiness';
import { wireNotifying } from './wire-api-parts';
import { callbackRoutes } from './wire-bank-callbacks';
import { apiDescription } from './wire-document';
import { merchantMounts } from './wire-merchant-api';
import { wireLimits, wireWatching } from './wire-operations';
import { operatorMounts, operatorUploads } from './wire-operator-api';

/** The HTTP side: who is let in, and what banks, operators and merchants find there, each in a file of its own. */
export function wireApp(foundation: Foundation, http: HttpClient, isDraining: () => boolean): Express {
  const { config, databases, ids, sealer, clock, logger, tracer } = foundation;
  const db = databases.orders;
  const limits = wireLimits(foundation);
  const apiKeys = createApiKeys({ db, ids, random: systemRandom });
  const directory = createChannelDirectory({ db, sealer, clock, registry: channelRegistry });
  const notifying = wireNotifying(foundation, http);
  const authenticateOperator = limits.authentication('operator', operatorAuthentication(allOperators(config)));
  return createApp({
    logger,
    ids,
    tracer,
    ready: readiness(databases, isDraining),
    serves: config.operations.role === 'worker' ? 'health' : 'everything',
    ...wireWatching(foundation, authenticateOperator),
    ...(config.operations.trustProxy === undefined ? {} : { trustProxy: config.operations.trustProxy }),
    bodyMs: config.operations.senders.bodyMs,
    authenticateOperator,
    authenticateMerchant: limits.authentication(
      'api-key',
      merchantAuthentication({ clock, findKey: (hash) => apiKeys.find(hash) }),
    ),
    idempotency: idempotency({ keys: createIdempotencyKeys({ db, sealer }), logger }),
    operatorActions: createOperatorActions({ db, ids, sealer, logger }),
    callbacks: callbackRoutes(foundation, directory, limits.callbacks),
    uploads: operatorUploads(foundation),
    operator: operatorMounts(foundation, notifying, apiKeys, () => {
      directory.forget();
    }),
    merchant: merchantMounts(foundation, notifying),
    description: apiDescription,
  });
}
