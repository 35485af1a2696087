import type { Logger } from 'pino';
import { type QueueHints, createHints } from '../jobs/hints';
import { type Queues, createQueues } from '../jobs/queues';
import { createParticipant } from './balances/participant';
import { type Settlements, assembleSettlements } from './callbacks/assemble';
import type { Config } from './config';
import { createOutbox } from './consistency/outbox/append';
import type { Databases } from './consistency/transaction';
import { type Jitter, systemJitter } from './core/backoff';
import type { Clock } from './core/clock';
import { type Ids, createIds } from './core/ids';
import { type Sealer, createSealer } from './core/sealing';
import type { DatabaseUrls } from './database/pools';
import { INCIDENT_KINDS, type Incidents } from './incidents/incident';
import { createIncidents } from './incidents/incidents-store';
import { createNotifications } from './notifications/announce';
import type { Notifications } from './notifications/notify';
import { announcementOf } from './orders/close-order';
import { findOrders } from './orders/orders-store';
import { type Metrics, createMetrics } from './telemetry/metrics';

export interface WiringOptions {
  readonly config: Config;
  readonly databases: Databases;
  readonly urls: DatabaseUrls;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly jitter?: Jitter;
}

/** Everything that more than one part is made of. */
export interface Foundation extends WiringOptions {
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly sealer: Sealer;
  readonly queues: Queues;
  readonly hints: QueueHints;
  readonly incidents: Incidents;
  readonly notifications: Notifications;
  readonly settlements: Settlements;
  readonly metrics: Metrics;
}

export function layFoundation(options: WiringOptions): Foundation {
  const { config, databases, urls, logger, clock } = options;
  const jitter = options.jitter ?? systemJitter;
  const ids = createIds(clock);
  const queues = createQueues({ redisUrl: config.redisUrl, postgresUrl: urls.orders, logger, jitter });
  const hints = createHints(queues, logger);
  const metrics = createMetrics({
    clock,
    read: { databases, queues: () => queues.depths(), incidentKinds: INCIDENT_KINDS },
  });
  const incidents = createIncidents({ ids });
  const notifications = createNotifications({ ids, clock, jitter });
  const settlements = assembleSettlements({
    db: databases.orders,
    participants: [
      createParticipant({ db: databases.accounts, ids }),
      createParticipant({ db: databases.points, ids }),
    ],
    ids,
    jitter,
    logger,
    outbox: createOutbox(),
    incidents,
    hints,
    announcePaid: async (tx, orders) => {
      const rows = await findOrders(tx, orders);
      return notifications.announce(
        tx,
        rows.map((row) => announcementOf(row, 'order.paid')),
      );
    },
    deadlineMs: config.transactionDeadlineMs,
    stepObserver: metrics.steps,
    observer: metrics.settlements,
  });
  const sealer = createSealer(config.masterKeys);
  return { ...options, jitter, ids, queues, hints, incidents, notifications, settlements, sealer, metrics };
}
