import { type Clock, systemClock } from '../core/clock';
import type { Sealer } from '../core/sealing';
import { type ChainHeadSeen, type ChainReport, verifyChain } from '../accounting/verify-chain';
import { SCHEDULES } from '../consistency/best-effort/schedule';
import { type Database, type Databases, type SchemaName, inTransaction } from '../consistency/transaction';
import { type ActionsReport, type SeenHead, verifyActions } from '../operator-actions/verify-actions';
import { type Check, createPatience, runCheck } from './check';
import { balancesRules } from './checks/balances-rules-store';
import { BOOKS_RULES } from './checks/books-rules-store';
import { controlTotals } from './checks/control-totals';
import { PARTICIPANTS, ended, holdsBelong } from './checks/ended';
import { founded } from './checks/founded';
import { landed } from './checks/landed';
import { legsKept } from './checks/legs-kept';
import { ordersRules, overdueRules } from './checks/orders-rules-store';
import { referenceRules } from './checks/references-store';
import { triggerRules } from './checks/triggers-store';
import { vouchered, vouchersFounded } from './checks/vouchered';
import { type AuditReport, type Tally, createTally } from './report';
import { type Rule, allowLong, checkRules, patientRule } from './rules-store';

export { formatAudit, type AuditReport } from './report';

export interface AuditOptions {
  readonly databases: Databases;
  readonly sealer: Sealer;
  /** So long may a step of the flow take before it is looked at as forgotten; the recoveries' own times lie below it. */
  readonly settleGraceSeconds?: number;
  /**
   * How long, over all checks, the audit goes on looking at what seems wrong before it reports it. The default is longer
   * than the longest backoff of a recovery, so that an outage that has just ended is no violation.
   */
  readonly patienceMs?: number;
  readonly pauseMs?: number;
  /** A head of the books' chain from the log; the chain must still lead through it. */
  readonly seenHead?: ChainHeadSeen;
  /** A head of the operators' actions from the log. */
  readonly seenAction?: SeenHead;
  readonly clock?: Clock;
}

/**
 * Checks every guarantee that data can show, on a live system, reading only. What one schema can show is read in one
 * snapshot; what several must agree on is compared list by list, and looked at again before it is reported.
 * @throws Unavailable where a database cannot be reached: there is no report then
 */
export async function runAudit(options: AuditOptions): Promise<AuditReport> {
  const { databases } = options;
  const tally = createTally();
  await checkSnapshot(databases.orders, ordersRules(attemptsOfSchedules()), tally);
  await checkSnapshot(databases.accounts, balancesRules('accounts'), tally);
  await checkSnapshot(databases.points, balancesRules('points'), tally);
  await checkSnapshot(databases.accounting, BOOKS_RULES, tally);
  const chain = await verifyChain(
    databases.accounting,
    options.sealer,
    options.seenHead === undefined ? {} : { seen: options.seenHead },
  );
  addChain(tally, chain);
  addActions(tally, await verifyActions(databases.orders, options.sealer, options.seenAction));
  const patience = createPatience(options.clock ?? systemClock, options.patienceMs ?? 45_000, options.pauseMs ?? 1_000);
  for (const check of checksOf(databases, options.settleGraceSeconds ?? 60)) await runCheck(check, patience, tally);
  const guarantees = tally.guarantees();
  return {
    ok: guarantees.every((one) => one.count === 0),
    guarantees,
    books: { links: chain.links, vouchers: chain.vouchers, head: chain.head?.hash ?? null },
  };
}

/** The checks across databases, and those about the present. */
function checksOf(databases: Databases, graceSeconds: number): readonly Check[] {
  return [
    landed(databases, graceSeconds),
    ...PARTICIPANTS.map((participant) => founded(databases, participant, graceSeconds)),
    ended(databases, graceSeconds),
    ...PARTICIPANTS.map((participant) => holdsBelong(databases, participant, graceSeconds)),
    vouchered(databases, graceSeconds),
    vouchersFounded(databases, graceSeconds),
    controlTotals(databases),
    legsKept(databases, graceSeconds),
    ...overdueRules(graceSeconds).map((rule) => patientRule(databases.orders, rule)),
  ];
}

async function checkSnapshot<S extends SchemaName>(
  db: Database<S>,
  rules: readonly Rule[],
  tally: Tally,
): Promise<void> {
  const all = [...rules, ...referenceRules(db.schema), ...triggerRules(db.schema)];
  await inTransaction(
    db,
    'audit.check',
    async (tx) => {
      await allowLong(tx);
      await checkRules(tx, all, tally);
    },
    'repeatable read',
  );
}

function addChain(tally: Tally, { links, broken }: ChainReport): void {
  const findings =
    broken === undefined
      ? []
      : [
          {
            key: broken.link ?? 'no link',
            what: 'the chain of the books is broken',
            facts: { link: broken.link, reason: broken.reason },
          },
        ];
  tally.add(7, { checked: links, count: findings.length, findings });
}

function addActions(tally: Tally, { records, broken }: ActionsReport): void {
  const findings =
    broken === undefined
      ? []
      : [
          {
            key: broken.record,
            what: 'the chain of the operators’ actions is broken',
            facts: { reason: broken.reason },
          },
        ];
  tally.add(7, { checked: records, count: findings.length, findings });
}

function attemptsOfSchedules(): Record<string, number> {
  return Object.fromEntries(Object.entries(SCHEDULES).map(([name, delays]) => [name, delays.length]));
}
