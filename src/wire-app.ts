import type { Express } from 'express';
import { createAccountingRoutes } from './accounting/routes';
import { createAccounts, createPayeeAccounts } from './balances/manage-accounts';
import {
  createAccountRoutes,
  createCustomerRoutes,
  createMerchantAccountRoutes,
  createPayeeAccountRoutes,
} from './balances/routes';
import { createReceiveCallback } from './callbacks/receive-callback';
import { createCallbackRoutes } from './callbacks/routes';
import { createChannelDirectory } from './channels/channel-directory';
import { createChannels } from './channels/manage-channels';
import { channelRegistry } from './channels/registry';
import { createChannelRoutes } from './channels/routes';
import { allOperators } from './config-operators';
import { type Database, SCHEMAS, statement } from './consistency/transaction';
import { systemRandom } from './core/random';
import { type Mount, createApp } from './http/app';
import { merchantAuthentication, operatorAuthentication } from './http/authentication';
import { idempotency } from './http/idempotency';
import { createIdempotencyKeys } from './http/idempotency-keys';
import type { Readiness } from './http/health';
import { createIncidentRoutes } from './incidents/routes';
import { createApiKeys } from './merchants/manage-api-keys';
import { createMerchants } from './merchants/manage-merchants';
import { createMerchantRoutes } from './merchants/routes';
import { createDeliveries } from './notifications/list-deliveries';
import { createEndpoints } from './notifications/manage-endpoints';
import { createEndpointRoutes, createNotificationRoutes } from './notifications/routes';
import { createOperatorActions } from './operator-actions/record-operator-actions';
import { createOperatorActionRoutes } from './operator-actions/routes';
import { createCloseOrder } from './orders/close-order';
import { createCreateOrder } from './orders/create-order';
import { createFindOrders } from './orders/find-orders';
import { createOrderRoutes } from './orders/routes';
import { createTerms } from './terms/manage-terms';
import { createTermsRoutes } from './terms/routes';
import type { Foundation } from './foundation';

/** The HTTP side: every route with what it needs. */
export function wireApp(foundation: Foundation): Express {
  const { config, databases, ids, sealer, clock, logger } = foundation;
  const apiKeys = createApiKeys({ db: databases.orders, ids, random: systemRandom });
  const directory = createChannelDirectory({ db: databases.orders, sealer, clock, registry: channelRegistry });
  return createApp({
    logger,
    ids,
    ready: readiness(foundation),
    authenticateOperator: operatorAuthentication(allOperators(config)),
    authenticateMerchant: merchantAuthentication({ clock, findKey: (hash) => apiKeys.find(hash) }),
    idempotency: idempotency({ keys: createIdempotencyKeys({ db: databases.orders, sealer }), logger }),
    operatorActions: createOperatorActions({ db: databases.orders, ids, sealer, logger }),
    callbacks: createCallbackRoutes(
      createReceiveCallback({
        find: (name) => directory.find(name),
        settlePayment: foundation.settlements.settlePayment,
        clock,
        logger,
        answerBudgetMs: config.answerBudgetMs,
      }),
    ),
    operator: operatorMounts(foundation, apiKeys, () => {
      directory.forget();
    }),
    merchant: merchantMounts(foundation),
  });
}

function operatorMounts(
  { config, databases, ids, sealer }: Foundation,
  apiKeys: ReturnType<typeof createApiKeys>,
  onChange: () => void,
): readonly Mount[] {
  const merchants = createMerchants({ db: databases.orders, ids });
  const channels = createChannels({ db: databases.orders, ids, sealer, registry: channelRegistry, onChange });
  const endpoints = createEndpoints({
    db: databases.orders,
    ids,
    sealer,
    random: systemRandom,
    allowPrivate: config.allowPrivateEndpoints,
  });
  const payees = createPayeeAccounts({ db: databases.accounts, ids });
  return [
    { path: '/merchants/:merchant_id/endpoints', routes: createEndpointRoutes({ endpoints }) },
    { path: '/merchants', routes: createMerchantRoutes({ merchants, apiKeys }) },
    { path: '/merchants', routes: createTermsRoutes({ terms: createTerms({ db: databases.orders, ids }) }) },
    { path: '/merchants', routes: createPayeeAccountRoutes({ payees, mustBeMerchant: (id) => merchants.get(id) }) },
    { path: '/accounts', routes: createAccountRoutes({ accounts: createAccounts({ db: databases.accounts }) }) },
    { path: '/points-accounts', routes: createAccountRoutes({ accounts: createAccounts({ db: databases.points }) }) },
    { path: '/channels', routes: createChannelRoutes({ channels }) },
    { path: '/incidents', routes: createIncidentRoutes({ db: databases.orders }) },
    { path: '/operator-actions', routes: createOperatorActionRoutes({ db: databases.orders }) },
    { path: '/', routes: createAccountingRoutes({ db: databases.accounting }) },
  ];
}

function merchantMounts({ databases, ids, notifications, hints }: Foundation): readonly Mount[] {
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
    {
      path: '/orders/:order_id/notifications',
      routes: createNotificationRoutes({ deliveries: createDeliveries({ db }) }),
    },
    { path: '/orders', routes: orders },
    { path: '/accounts', routes: createMerchantAccountRoutes({ accounts }) },
    { path: '/customers', routes: createCustomerRoutes({ points: createAccounts({ db: databases.points }) }) },
  ];
}

const ASK = statement('readiness', 'select 1');

/** Ready is a process whose four databases answer; a queue that is down makes work late, never lost. */
function readiness({ databases }: Foundation) {
  const answers = async (db: Database): Promise<boolean> => {
    try {
      await db.query(ASK);
      return true;
    } catch {
      return false;
    }
  };
  return async (): Promise<Readiness> => {
    const checks = await Promise.all(
      SCHEMAS.map(async (schema) => [schema, await answers(databases[schema])] as const),
    );
    return Object.fromEntries(checks);
  };
}
