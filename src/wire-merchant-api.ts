import { createMerchantHistoryRoutes } from './balances/history/routes';
import { createAccounts } from './balances/manage-accounts';
import { createCustomerRoutes, createMerchantAccountRoutes } from './balances/routes';
import type { Foundation } from './foundation';
import type { Mount } from './http/app';
import {
  createNotificationRoutes,
  createOrderNotificationRoutes,
  createOwnEndpointRoutes,
} from './notifications/routes';
import { createCloseOrder } from './orders/close-order';
import { createCreateOrder } from './orders/create-order';
import { createFindOrders } from './orders/find-orders';
import { createEventRoutes, createOrderRoutes } from './orders/routes';
import { createTerms } from './terms/manage-terms';
import { createMerchantTimelineRoutes } from './timeline/routes';
import { type Notifying, historyOf, timelineOf } from './wire-api-parts';

/** What merchants are served, below /v1. */
export function merchantMounts(
  { databases, ids, notifications, hints }: Foundation,
  notifying: Notifying,
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
