import { createAccountHistoryRoutes, createPointsHistoryRoutes } from './balances/history/routes';
import { createAccounts, createPayeeAccounts } from './balances/manage-accounts';
import { createAccountRoutes, createPayeeAccountRoutes, createPointsAccountRoutes } from './balances/routes';
import { createChannels } from './channels/manage-channels';
import { channelRegistry } from './channels/registry';
import { createChannelRoutes } from './channels/routes';
import type { Foundation } from './foundation';
import type { Mount } from './http/app';
import { createIncidentRoutes } from './incidents/routes';
import type { createApiKeys } from './merchants/manage-api-keys';
import { createMerchants } from './merchants/manage-merchants';
import { createMerchantRoutes } from './merchants/routes';
import { createAllNotificationRoutes, createEndpointRoutes } from './notifications/routes';
import { createOperatorActionRoutes } from './operator-actions/routes';
import { createOperatorOrderRoutes } from './orders/routes';
import { createReconciliationRoutes, createStatementRoutes } from './reconciliation/routes';
import type { RunId } from './reconciliation/run';
import { createTerms } from './terms/manage-terms';
import { createTermsRoutes } from './terms/routes';
import { createOrderTimelineRoutes, createReceiptTimelineRoutes } from './timeline/routes';
import { type Notifying, historyOf, timelineOf } from './wire-api-parts';
import { booksMounts } from './wire-books';
import { workMounts } from './wire-work';

/** What operators are served, below /admin. */
export function operatorMounts(
  foundation: Foundation,
  notifying: Notifying,
  apiKeys: ReturnType<typeof createApiKeys>,
  onChannelChange: () => void,
): readonly Mount[] {
  const { databases, ids, sealer } = foundation;
  const merchants = createMerchants({ db: databases.orders, ids });
  const channels = createChannels({
    db: databases.orders,
    ids,
    sealer,
    registry: channelRegistry,
    onChange: onChannelChange,
  });
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

/** What reads a body of its own, which may be large: the statements of banks. */
export function operatorUploads(foundation: Foundation): readonly Mount[] {
  return [{ path: '/reconciliation', routes: createStatementRoutes(reconciling(foundation)) }];
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
