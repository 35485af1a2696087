import { createVouchersOfReceipts } from './accounting/vouchers-of-receipts-store';
import { createAccounts } from './balances/manage-accounts';
import { createMovementsOfTransactions } from './balances/movements-of-transactions-store';
import { createAccountHistory } from './balances/past-balance';
import type { Database, Databases } from './consistency/transaction';
import { systemRandom } from './core/random';
import type { Foundation } from './foundation';
import type { HttpClient } from './notifications/http-client';
import { createDeliveries } from './notifications/list-deliveries';
import { createEndpoints } from './notifications/manage-endpoints';
import { createPingEndpoint } from './notifications/ping-endpoint';
import { createResends } from './notifications/resend';
import { createWebhooks } from './notifications/send-webhook';
import { type ReadTimeline, createReadTimeline } from './timeline/read-timeline';

/** What both operators and merchants are served of notifications. */
export function wireNotifying({ config, databases, ids, sealer, clock, logger, hints }: Foundation, http: HttpClient) {
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

export type Notifying = ReturnType<typeof wireNotifying>;

/** What happened to one payment, from all four databases. */
export function timelineOf(databases: Databases): ReadTimeline {
  return createReadTimeline({
    db: databases.orders,
    movementsOf: {
      accounts: createMovementsOfTransactions({ db: databases.accounts }),
      points: createMovementsOfTransactions({ db: databases.points }),
    },
    vouchersOf: createVouchersOfReceipts({ db: databases.accounting }),
  });
}

/** Accounts of one participant, and how they stood at any time. */
export function historyOf<S extends 'accounts' | 'points'>(db: Database<S>) {
  return { accounts: createAccounts({ db }), history: createAccountHistory({ db }) };
}
