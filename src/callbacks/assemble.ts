import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Jitter } from '../core/backoff';
import { type StepObserver, UNHURRIED_MS, gather } from '../core/gather';
import type { Gid, Ids, OrderId, ReceiptId } from '../core/ids';
import { STUCK_AFTER_ATTEMPTS, stuckFacts } from '../core/stuck';
import type { Traceparent } from '../core/traceparent';
import { traceOf } from '../core/traceparent';
import { inListSpan } from '../core/tracing';
import { createClaims } from '../consistency/claims';
import type { Hints, Outbox } from '../consistency/outbox/outbox';
import { type Coordinator, createCoordinator } from '../consistency/tcc/coordinator';
import { LOG_COLUMNS, LOG_TABLE, logStore } from '../consistency/tcc/log-store';
import type { OpenHold, Participant } from '../consistency/tcc/participant';
import { type DueTransaction, recoverTransactions } from '../consistency/tcc/recovery';
import { sweepHolds } from '../consistency/tcc/sweep-holds';
import { type Database, inTransaction } from '../consistency/transaction';
import type { Incidents, NewIncident } from '../incidents/incident';
import { type Background, createBackground } from './background';
import { type Begun, beginSettlements } from './begin-settlements';
import type { SettlementPlan } from './plan';
import { TRACE_OF_RECEIPT, receiptsStore } from './receipts-store';
import { type IncomingEvent, type RecordDependencies, type Recorded, recordEvents } from './record-events';
import { type WaitingReceipt, createRecoveryLog, recoverReceipts } from './recover-receipts';
import { type SettlePayment, createSettlePayment } from './settle-payment';
import { type AnnouncePaid, type SettlementObserver, createSettlementHooks } from './settlement-hooks';

export interface SettlementDependencies {
  readonly db: Database<'orders'>;
  readonly participants: readonly Participant[];
  readonly ids: Ids;
  readonly jitter: Jitter;
  readonly logger: Logger;
  readonly tracer: Tracer;
  readonly outbox: Outbox;
  readonly incidents: Incidents;
  readonly hints: Pick<Hints, 'notifications'>;
  readonly announcePaid: AnnouncePaid;
  /** How long an attempt may be `trying`, in milliseconds; every database time-out is well below it. */
  readonly deadlineMs: number;
  /** Told of the runs of every gathered step. */
  readonly stepObserver?: StepObserver;
  /** Told of settlements once they are committed. */
  readonly observer?: SettlementObserver;
}

export interface Settlements {
  readonly settlePayment: SettlePayment;
  readonly background: Background;
  /** One page of each recovery; returns how many rows it found. */
  readonly recoverTransactions: () => Promise<number>;
  readonly recoverReceipts: () => Promise<number>;
  readonly sweepHolds: () => Promise<number>;
}

/** The longest list of a step, and how many may wait: commit A is the door, what is inside must never be turned away. */
const DOOR = { cap: 200, room: 2_000 };
const INSIDE = { cap: 200, room: 20_000 };

export function assembleSettlements(deps: SettlementDependencies): Settlements {
  const { db, ids, jitter, participants, incidents, tracer, logger, stepObserver: observer } = deps;
  const background = createBackground(logger);
  const coordinator = createCoordinator<SettlementPlan>({
    db,
    participants,
    hooks: createSettlementHooks(deps),
    tracer,
    lists: { ...INSIDE, observer },
    secondPhasePauseMs: UNHURRIED_MS,
  });
  const settlePayment = createSettlePayment({
    record: gather(recordInSpan(deps), { step: RECORD, ...DOOR, observer }),
    begin: gather((receipts) => beginAgain(deps, receipts), { step: 'callbacks.begin', ...INSIDE, observer }),
    coordinator,
    background,
    tracer,
  });
  const recoveryLog = createRecoveryLog(logger);
  const receiptClaims = createClaims<'orders', WaitingReceipt>(
    db,
    { schema: 'orders', table: 'receipts', key: 'id', due: ['waiting'], columns: 't.id, t.attempts, t.traceparent' },
    { ids, jitter },
  );
  return {
    settlePayment,
    background,
    recoverTransactions: transactionRecovery(deps, coordinator),
    recoverReceipts: () => recoverReceipts({ claims: receiptClaims, settlePayment, onFailure: recoveryLog }),
    sweepHolds: () =>
      sweepHolds({
        db,
        participants,
        olderThanSeconds: Math.ceil(deps.deadlineMs / 1000) * 6,
        onOrphans: (participant, orphans) => reportOrphans(db, incidents, participant, orphans),
      }),
  };
}

const RECORD = 'callbacks.record';
function recordInSpan(deps: SettlementDependencies) {
  return (events: readonly IncomingEvent[]): Promise<readonly Recorded[]> =>
    inListSpan(deps.tracer, RECORD, events, traceOf, {}, () => recordEvents(deps, events));
}

/** Commit A for receipts that are there already: a new attempt after a cancelled one, or after a wait. */
function beginAgain(deps: RecordDependencies, receipts: readonly ReceiptId[]): Promise<readonly Begun[]> {
  return inTransaction(deps.db, 'callbacks.begin_again', async (tx) => {
    const locked = await receiptsStore.lock(tx, [...new Set(receipts)]);
    const begun = await beginSettlements(
      deps,
      tx,
      locked.map((receipt) => ({ ...receipt, isBorn: false })),
      undefined,
    );
    const handedOut = new Set<ReceiptId>();
    return receipts.map((id) => {
      const answer = begun.get(id);
      if (answer === undefined) throw new Error(`there is no receipt ${id}`);
      if (answer.kind === 'opened' && handedOut.has(id)) return { kind: 'in_flight', receiptId: id };
      handedOut.add(id);
      return answer;
    });
  });
}

function transactionRecovery(
  { db, ids, jitter, incidents }: SettlementDependencies,
  coordinator: Coordinator<SettlementPlan>,
): () => Promise<number> {
  const claims = createClaims<'orders', DueTransaction<SettlementPlan>>(
    db,
    { ...LOG_TABLE, columns: `${LOG_COLUMNS}, ${TRACE_OF_RECEIPT}` },
    { ids, jitter },
  );
  return async () => {
    const stuck = new Map<Gid, Traceparent | null>();
    const found = await recoverTransactions({
      claims,
      coordinator,
      onStuck: ({ gid, traceparent }) => {
        stuck.set(gid, traceparent);
        return Promise.resolve();
      },
      stuckAfterAttempts: STUCK_AFTER_ATTEMPTS.transactions,
    });
    if (stuck.size > 0) await reportStuck(db, incidents, stuck);
    return found;
  };
}

/** Once the recovery has written why it failed and when it tries again. */
async function reportStuck(
  db: Database<'orders'>,
  incidents: Incidents,
  stuck: ReadonlyMap<Gid, Traceparent | null>,
): Promise<void> {
  await inTransaction(db, 'callbacks.report_stuck', async (tx) => {
    const rows = await logStore.standing(tx, [...stuck.keys()]);
    const reports = rows.map((row): NewIncident => ({
      kind: 'phase_two_stuck',
      subject: row.gid,
      gid: row.gid,
      receiptId: row.receipt_id as ReceiptId,
      orderId: row.order_id as OrderId | null,
      traceparent: stuck.get(row.gid) ?? null,
      facts: { status: row.status, ...stuckFacts(row) },
    }));
    await incidents.report(tx, reports);
  });
}

async function reportOrphans(
  db: Database<'orders'>,
  incidents: Incidents,
  participant: string,
  orphans: readonly OpenHold[],
): Promise<void> {
  await inTransaction(db, 'callbacks.report_orphans', (tx) =>
    incidents.report(
      tx,
      orphans.map(({ gid, branch, since }) => ({
        kind: 'hold_without_transaction',
        subject: `${participant}/${gid}/${branch}`,
        gid,
        facts: { participant, branch, since },
      })),
    ),
  );
}
