import type { Express } from 'express';
import { createVouchersOfReceipts } from './accounting/vouchers-of-receipts-store';
import {
  createAccountHistoryRoutes,
  createMerchantHistoryRoutes,
  createPointsHistoryRoutes,
} from './balances/history/routes';
import { createAccounts, createPayeeAccounts } from './balances/manage-accounts';
import { createMovementsOfTransactions } from './balances/movements-of-transactions-store';
import { createAccountHistory } from './balances/past-balance';
import {
  createAccountRoutes,
  createCustomerRoutes,
  createMerchantAccountRoutes,
  createPayeeAccountRoutes,
  createPointsAccountRoutes,
} from './balances/routes';
import { createReceiveCallback } from './callbacks/receive-callback';
import { createCallbackRoutes } from './callbacks/routes';
import { createChannelDirectory } from './channels/channel-directory';
import { createChannels } from './channels/manage-channels';
import { channelRegistry } from './channels/registry';
import { createChannelRoutes } from './channels/routes';
import { allOperators } from './config-operators';
import type { Database, Databases } from './consistency/transaction';
import { systemRandom } from './core/random';
import { type Mount, createApp } from './http/app';
import { merchantAuthentication, operatorAuthentication } from './http/authentication';
import { idempotency } from './http/idempotency';
import { createIdempotencyKeys } from './http/idempotency-keys';
import { turnAway } from './http/turn-away';
import { createIncidentRoutes } from './incidents/routes';
import { createApiKeys } from './merchants/manage-api-keys';
import { createMerchants } from './merchants/manage-merchants';
import { createMerchantRoutes } from './merchants/routes';
import { createDeliveries } from './notifications/list-deliveries';
import { createEndpoints } from './notifications/manage-endpoints';
import type { HttpClient } from './notifications/http-client';
import { createPingEndpoint } from './notifications/ping-endpoint';
import { createResends } from './notifications/resend';
import {
  createAllNotificationRoutes,
  createEndpointRoutes,
  createNotificationRoutes,
  createOrderNotificationRoutes,
  createOwnEndpointRoutes,
} from './notifications/routes';
import { createWebhooks } from './notifications/send-webhook';
import { createOperatorActions } from './operator-actions/record-operator-actions';
import { createOperatorActionRoutes } from './operator-actions/routes';
import { createCloseOrder } from './orders/close-order';
import { createCreateOrder } from './orders/create-order';
import { createFindOrders } from './orders/find-orders';
import { createEventRoutes, createOperatorOrderRoutes, createOrderRoutes } from './orders/routes';
import { createReconciliationRoutes, createStatementRoutes } from './reconciliation/routes';
import { type ReadTimeline, createReadTimeline } from './timeline/read-timeline';
import {
  createMerchantTimelineRoutes,
  createOrderTimelineRoutes,
  createReceiptTimelineRoutes,
} from './timeline/routes';
import { createTerms } from './terms/manage-terms';
import { createTermsRoutes } from './terms/routes';
import type { RunId } from './reconciliation/run';
import type { Foundation } from './foundation';
import { readiness } from './readiness';
import { booksMounts } from './wire-books';
import { apiDescription } from './wire-document';
import { observedCallbacks, wireLimits, wireWatching } from './wire-operations';
import { workMounts } from './wire-work';

/** The HTTP side: every route with what it needs. */
export function wireApp(foundation: Foundation, http: HttpClient, isDraining: () => boolean): Express {
  const { config, databases, ids, sealer, clock, logger, metrics, tracer } = foundation;
  const limits = wireLimits(foundation);
  const apiKeys = createApiKeys({ db: databases.orders, ids, random: systemRandom });
  const directory = createChannelDirectory({ db: databases.orders, sealer, clock, registry: channelRegistry });
  const notifying = wireNotifying(foundation, http);
  const authenticateOperator = limits.authentication('operator', operatorAuthentication(allOperators(config)));
  return createApp({
    logger,
    ids,
    tracer,
    ready: readiness(databases, isDraining),
    serves: config.operations.role === 'worker' ? 'health' : 'everything',
    turnAway: turnAway({
      most: config.operations.mostCallbacksInFlight,
      newRequestId: () => ids.token(),
      logger,
      clock,
      onTurnedAway: () => {
        metrics.limited('callbacks_in_flight');
      },
    }),
    ...wireWatching(foundation, authenticateOperator),
    ...(config.operations.trustProxy === undefined ? {} : { trustProxy: config.operations.trustProxy }),
    bodyMs: config.operations.senders.bodyMs,
    authenticateOperator,
    authenticateMerchant: limits.authentication(
      'api-key',
      merchantAuthentication({ clock, findKey: (hash) => apiKeys.find(hash) }),
    ),
    idempotency: idempotency({ keys: createIdempotencyKeys({ db: databases.orders, sealer }), logger }),
    operatorActions: createOperatorActions({ db: databases.orders, ids, sealer, logger }),
    callbacks: createCallbackRoutes(
      observedCallbacks(
        createReceiveCallback({
          find: (name) => directory.find(name),
          settlePayment: foundation.settlements.settlePayment,
          clock,
          ids,
          logger,
          answerBudgetMs: config.answerBudgetMs,
          limits: limits.callbacks,
        }),
        metrics,
        clock,
      ),
    ),
    uploads: [{ path: '/reconciliation', routes: createStatementRoutes(reconciling(foundation)) }],
    operator: operatorMounts(foundation, notifying, apiKeys, () => {
      directory.forget();
    }),
    merchant: merchantMounts(foundation, notifying),
    description: apiDescription,
  });
}

/** What both sides of the API need that is about notifications. */
function wireNotifying({ config, databases, ids, sealer, clock, logger, hints }: Foundation, http: HttpClient) {
  const db = databases.orders;
  return {
    endpoints: createEndpoints({
      db,
      ids,
      sealer,
      random: systemRandom,
      allowPrivate: config.allowPrivateEndpoints,
    }),
    deliveries: createDeliveries({ db }),
    resends: createResends({
      db,
      hint: (due) => {
        hints.notifications(due);
      },
    }),
    ping: createPingEndpoint({ webhooks: createWebhooks({ http, sealer, clock, logger }), ids, clock }),
  };
}

function reconciling({ databases, reconciliation, settlements, logger }: Foundation) {
  return {
    db: databases.orders,
    reconciliation,
    onDue: (run: RunId) => {
      const advancing = reconciliation.advance(run).catch((error: unknown) => {
        logger.warn(
          { event: 'reconciliation.put_off', err: error },
          'a run of the reconciliation is left to the sweep',
        );
      });
      settlements.background.keep(advancing);
    },
  };
}

function operatorMounts(
  foundation: Foundation,
  notifying: ReturnType<typeof wireNotifying>,
  apiKeys: ReturnType<typeof createApiKeys>,
  onChange: () => void,
): readonly Mount[] {
  const { databases, ids, sealer } = foundation;
  const merchants = createMerchants({ db: databases.orders, ids });
  const channels = createChannels({ db: databases.orders, ids, sealer, registry: channelRegistry, onChange });
  const payees = createPayeeAccounts({ db: databases.accounts, ids });
  const timeline = timelineOf(databases);
  return [
    { path: '/merchants/:merchant_id/endpoints', routes: createEndpointRoutes(notifying) },
    { path: '/notifications', routes: createAllNotificationRoutes(notifying) },
    { path: '/merchants', routes: createMerchantRoutes({ merchants, apiKeys }) },
    { path: '/merchants', routes: createTermsRoutes({ terms: createTerms({ db: databases.orders, ids }) }) },
    { path: '/merchants', routes: createPayeeAccountRoutes({ payees, mustBeMerchant: (id) => merchants.get(id) }) },
    { path: '/accounts', routes: createAccountRoutes({ accounts: createAccounts({ db: databases.accounts }) }) },
    {
      path: '/points-accounts',
      routes: createPointsAccountRoutes({ accounts: createAccounts({ db: databases.points }) }),
    },
    { path: '/accounts', routes: createAccountHistoryRoutes(historyOf(databases.accounts)) },
    { path: '/points-accounts', routes: createPointsHistoryRoutes(historyOf(databases.points)) },
    { path: '/channels', routes: createChannelRoutes({ channels }) },
    { path: '/orders', routes: createOperatorOrderRoutes({ db: databases.orders }) },
    { path: '/orders', routes: createOrderTimelineRoutes({ timeline }) },
    { path: '/receipts', routes: createReceiptTimelineRoutes({ timeline }) },
    { path: '/reconciliation', routes: createReconciliationRoutes(reconciling(foundation)) },
    { path: '/incidents', routes: createIncidentRoutes({ db: databases.orders }) },
    { path: '/operator-actions', routes: createOperatorActionRoutes({ db: databases.orders }) },
    ...workMounts(databases),
    ...booksMounts(databases),
  ];
}

function merchantMounts(
  { databases, ids, notifications, hints }: Foundation,
  notifying: ReturnType<typeof wireNotifying>,
): readonly Mount[] {
  const db = databases.orders;
  const terms = createTerms({ db, ids });
  const accounts = createAccounts({ db: databases.accounts });
  const orders = createOrderRoutes({
    createOrder: createCreateOrder({
      db,
      ids,
      quote: (wanted) => terms.quote(wanted),
      findAccounts: (accountIds) => accounts.find(accountIds),
    }),
    closeOrder: createCloseOrder({
      db,
      notifications,
      hint: (due) => {
        hints.notifications(due);
      },
    }),
    findOrders: createFindOrders({ db }),
  });
  return [
    { path: '/orders/:order_id/notifications', routes: createOrderNotificationRoutes(notifying) },
    { path: '/notifications', routes: createNotificationRoutes(notifying) },
    { path: '/endpoints', routes: createOwnEndpointRoutes(notifying) },
    { path: '/orders', routes: orders },
    { path: '/orders', routes: createMerchantTimelineRoutes({ timeline: timelineOf(databases) }) },
    { path: '/events', routes: createEventRoutes({ db }) },
    { path: '/accounts', routes: createMerchantAccountRoutes({ accounts }) },
    { path: '/accounts', routes: createMerchantHistoryRoutes(historyOf(databases.accounts)) },
    { path: '/customers', routes: createCustomerRoutes({ points: createAccounts({ db: databases.points }) }) },
  ];
}

function timelineOf(databases: Databases): ReadTimeline {
  return createReadTimeline({
    db: databases.orders,
    movementsOf: {
      accounts: createMovementsOfTransactions({ db: databases.accounts }),
      points: createMovementsOfTransactions({ db: databases.points }),
    },
    vouchersOf: createVouchersOfReceipts({ db: databases.accounting }),
  });
}

function historyOf<S extends 'accounts' | 'points'>(db: Database<S>) {
  return { accounts: createAccounts({ db }), history: createAccountHistory({ db }) };
}
