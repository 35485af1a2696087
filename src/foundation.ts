import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { type QueueHints, createHints } from '../jobs/hints';
import { type Queues, createQueues } from '../jobs/queues';
import { createParticipant } from './balances/participant';
import { type Boundaries, NOTHING_AROUND } from './boundaries';
import { type Settlements, assembleSettlements } from './callbacks/assemble';
import type { SettlementPlan } from './callbacks/plan';
import type { AnnouncePaid } from './callbacks/settlement-hooks';
import type { Config } from './config';
import { createOutbox } from './consistency/outbox/append';
import { OUTBOX_LEASE_MS } from './consistency/outbox/consume';
import { type OwnMessages, createOwnMessages } from './consistency/outbox/own-messages';
import { type Moving, gidOf } from './consistency/tcc/hooks';
import type { Participant } from './consistency/tcc/participant';
import type { Database, Databases } from './consistency/transaction';
import { type Jitter, systemJitter } from './core/backoff';
import type { Clock } from './core/clock';
import { UNHURRIED_MS } from './core/gather';
import { type Ids, type MerchantId, createIds } from './core/ids';
import { systemRandom } from './core/random';
import { newTrace } from './core/tracing';
import { type Sealer, createSealer } from './core/sealing';
import { type DatabaseUrls, createPools } from './database/pools';
import { INCIDENT_KINDS, type Incidents } from './incidents/incident';
import { createIncidents } from './incidents/incidents-store';
import { loggingIncidents } from './incidents/log-incidents';
import { resolveBySystem } from './incidents/resolve-by-system-store';
import { createNotifications } from './notifications/announce';
import { type OwnFirstAttempts, createOwnFirstAttempts } from './notifications/first-attempts';
import type { Announcement, Notifications } from './notifications/notify';
import { announcementOf } from './orders/close-order';
import { findOrdersPaidBy } from './orders/orders-store';
import type { SettleEvent } from './reconciliation/recover-callbacks';
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
  /** What is put around the queues and around the client that calls merchants. */
  readonly around?: Pick<Boundaries, 'queues' | 'http'>;
}

/** Everything that more than one part is made of. */
export interface Foundation extends WiringOptions {
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly tracer: Tracer;
  readonly around: Pick<Boundaries, 'queues' | 'http'>;
  readonly sealer: Sealer;
  readonly queues: Queues;
  readonly hints: QueueHints;
  readonly own: OwnMessages;
  readonly first: OwnFirstAttempts;
  readonly incidents: Incidents;
  readonly notifications: Notifications;
  readonly participants: readonly Participant[];
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
  const around = options.around ?? NOTHING_AROUND;
  const queues = around.queues(
    createQueues({ redisUrl: config.redisUrl, postgresUrl: urls.orders, logger, jitter, tracer }),
  );
  const hints = createHints(queues, logger);
  const own = createOwnMessages({ ids }, OUTBOX_LEASE_MS, UNHURRIED_MS);
  const metrics = createMetrics({
    clock,
    read: { databases, queues: () => queues.depths(), incidentKinds: INCIDENT_KINDS },
  });
  const incidents = loggingIncidents(createIncidents({ ids }), logger);
  const first = createOwnFirstAttempts();
  const notifications = createNotifications({ ids, clock, jitter, first });
  const participants = [
    createParticipant({ db: databases.accounts, ids }),
    createParticipant({ db: databases.points, ids }),
  ];
  const settlements = assembleSettlements({
    db: databases.orders,
    participants,
    ids,
    jitter,
    logger,
    tracer,
    outbox: createOutbox({ own, hints }),
    incidents,
    hints,
    announcePaid: announcingPaid(notifications),
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
    settle: recoveredBy(settlements, ids, tracer),
    logger,
  });
  const parts = {
    jitter,
    tracer,
    around,
    ids,
    queues,
    hints,
    own,
    first,
    incidents,
    notifications,
    participants,
    settlements,
    sealer,
    reconciliation,
  };
  return { ...options, ...parts, metrics, close: () => patient.close() };
}

/** A callback that was lost and that a statement speaks of: what the statement says stands in for its body. */
function recoveredBy({ settlePayment }: Settlements, ids: Ids, tracer: Tracer): SettleEvent {
  return ({ body, bodyHash, ...event }) =>
    settlePayment.event({
      ...event,
      callback: { id: ids.next(), body, bodyHash, forAPerson: false },
      traceparent: newTrace(tracer, 'recover lost callback'),
    });
}

/** Tells the merchants of the orders that are being paid. */
function announcingPaid(notifications: Notifications): AnnouncePaid {
  return (tx, deciding) => {
    const merchants = new Set(deciding.flatMap(merchantOf));
    const announce = notifications.prepare(tx, [...merchants] as MerchantId[]);
    const finding = findOrdersPaidBy(tx, deciding.map(gidOf));
    return async (orders) => {
      const announcements: Announcement[] = [];
      for (const row of await finding)
        announcements.push(announcementOf(row, 'order.paid', orders.get(row.id) ?? null));
      return announce(announcements);
    };
  };
}

function merchantOf({ plan }: Moving<SettlementPlan>): string[] {
  return plan.merchantId === null ? [] : [plan.merchantId];
}
