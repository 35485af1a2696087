import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { type QueueHints, createHints } from '../jobs/hints';
import { type Queues, createQueues } from '../jobs/queues';
import { createParticipant } from './balances/participant';
import { type Settlements, assembleSettlements } from './callbacks/assemble';
import type { Config } from './config';
import { createOutbox } from './consistency/outbox/append';
import type { Database, Databases } from './consistency/transaction';
import { type Jitter, systemJitter } from './core/backoff';
import type { Clock } from './core/clock';
import { type Ids, createIds } from './core/ids';
import { systemRandom } from './core/random';
import { newTrace } from './core/tracing';
import { type Sealer, createSealer } from './core/sealing';
import { type DatabaseUrls, createPools } from './database/pools';
import { INCIDENT_KINDS, type Incidents } from './incidents/incident';
import { createIncidents } from './incidents/incidents-store';
import { loggingIncidents } from './incidents/log-incidents';
import { resolveBySystem } from './incidents/resolve-by-system-store';
import { createNotifications } from './notifications/announce';
import type { Notifications } from './notifications/notify';
import { announcementOf } from './orders/close-order';
import { findOrders } from './orders/orders-store';
import { type Reconciliation, createReconciliation } from './reconciliation/reconciliation';
import { createIdTracer } from './telemetry/id-tracer';
import { type Metrics, createMetrics } from './telemetry/metrics';

export interface WiringOptions {
  readonly config: Config;
  readonly databases: Databases;
  readonly urls: DatabaseUrls;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly jitter?: Jitter;
  /** Without it, spans have ids and go nowhere. */
  readonly tracer?: Tracer;
  /** The connections of the reconciliation; its own patient ones where none are given. */
  readonly reconciliationDatabase?: Database<'orders'>;
}

/** Everything that more than one part is made of. */
export interface Foundation extends WiringOptions {
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly tracer: Tracer;
  readonly sealer: Sealer;
  readonly queues: Queues;
  readonly hints: QueueHints;
  readonly incidents: Incidents;
  readonly notifications: Notifications;
  readonly settlements: Settlements;
  readonly reconciliation: Reconciliation;
  /** Closes what was opened here. */
  close(): Promise<void>;
  readonly metrics: Metrics;
}

/** A statement of the reconciliation may be about a million lines; a payment's connections must not wait for it. */
const RECONCILIATION_POOL = {
  size: 3,
  statementTimeoutMs: 300_000,
  lockTimeoutMs: 10_000,
  idleInTransactionTimeoutMs: 30_000,
  applicationName: 'quittance reconciliation',
};

export function layFoundation(options: WiringOptions): Foundation {
  const { config, databases, urls, logger, clock } = options;
  const jitter = options.jitter ?? systemJitter;
  const tracer = options.tracer ?? createIdTracer(systemRandom);
  const ids = createIds(clock);
  const queues = createQueues({ redisUrl: config.redisUrl, postgresUrl: urls.orders, logger, jitter, tracer });
  const hints = createHints(queues, logger);
  const metrics = createMetrics({
    clock,
    read: { databases, queues: () => queues.depths(), incidentKinds: INCIDENT_KINDS },
  });
  const incidents = loggingIncidents(createIncidents({ ids }), logger);
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
    tracer,
    outbox: createOutbox(),
    incidents,
    hints,
    announcePaid: async (tx, orders) => {
      const rows = await findOrders(tx, [...orders.keys()]);
      return notifications.announce(
        tx,
        rows.map((row) => announcementOf(row, 'order.paid', orders.get(row.id) ?? null)),
      );
    },
    deadlineMs: config.transactionDeadlineMs,
    stepObserver: metrics.steps,
    observer: metrics.settlements,
  });
  const sealer = createSealer(config.masterKeys);
  const patient = createPools(urls, RECONCILIATION_POOL);
  const reconciliation = createReconciliation({
    db: options.reconciliationDatabase ?? patient.databases.orders,
    claimsDb: options.reconciliationDatabase ?? databases.orders,
    ids,
    jitter,
    incidents,
    resolveIncidents: resolveBySystem,
    settle: (event) =>
      settlements.settlePayment.event({ ...event, traceparent: newTrace(tracer, 'recover lost callback') }),
    logger,
  });
  const parts = { jitter, tracer, ids, queues, hints, incidents, notifications, settlements, sealer, reconciliation };
  return { ...options, ...parts, metrics, close: () => patient.close() };
}
