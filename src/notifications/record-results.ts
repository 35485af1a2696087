import { type NextStep, afterAttempt } from '../consistency/best-effort/attempts';
import { type Database, inTransaction } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import { assertNever } from '../core/errors';
import { gather } from '../core/gather';
import type { Incidents } from '../incidents/incident';
import { type EndedAttempt, type EndedStatus, endAttempts } from './attempts-store';
import { type Attempt, attemptsOfSchedule } from './begin-attempts';
import { disableEndpoints } from './endpoints-store';
import { type DeadAfter, type EndpointReport, reportHealth } from './endpoint-health-store';
import { endpointFailingIncident, endpointGoneIncident, exhaustedIncident } from './notification-incidents';
import type { Sent } from './send-webhook';

export interface ResultRecorder {
  /** Commits what came of an attempt, with whatever else is being recorded at the moment. */
  record(attempt: Attempt, judged: Sent): Promise<void>;
}

/** Three days are longer than any of the schedules' gaps, and ten attempts more than one notification's bad luck. */
const DEAD_AFTER: DeadAfter = { ms: 3 * 24 * 60 * 60 * 1000, attempts: 10 };

interface RecorderTools {
  readonly db: Database<'orders'>;
  readonly jitter: Jitter;
  readonly incidents: Incidents;
  readonly deadAfter?: DeadAfter;
}

export function createResultRecorder(tools: RecorderTools): ResultRecorder {
  const write = gather((list: readonly Result[]) => writeResults(tools, list), {
    step: 'notification results',
    cap: 200,
    room: 10_000,
  });
  return {
    record: async (attempt, judged) => {
      await write({ attempt, judged, ended: endedAttempt(attempt, judged, tools.jitter) });
      if (judged.result.kind !== 'gone') return;
      const { id, url } = attempt.endpoint;
      const { traceparent } = attempt.notification;
      await inTransaction(tools.db, 'notifications.disable_gone', async (tx) => {
        await disableEndpoints(tx, [{ id, reason: 'answered 410' }]);
        await tools.incidents.report(tx, [{ ...endpointGoneIncident(id, url), traceparent }]);
      });
    },
  };
}

interface Result {
  readonly attempt: Attempt;
  readonly judged: Sent;
  readonly ended: EndedAttempt;
}

async function writeResults(tools: RecorderTools, list: readonly Result[]): Promise<readonly true[]> {
  const ended = list.map(endedOf);
  const reports = healthReports(list);
  await inTransaction(tools.db, 'notifications.record_results', async (tx) => {
    const ending = endAttempts(tx, ended);
    ending.catch(() => undefined);
    if (reports.length === 0 && ended.every(isDelivered)) return;
    const mine = new Set(await ending);
    const exhausted = ended.filter((one) => one.status === 'exhausted' && mine.has(one.id));
    const dead = await reportHealth(tx, reports, tools.deadAfter ?? DEAD_AFTER);
    await disableEndpoints(
      tx,
      dead.map(({ id, lastError }) => ({ id, reason: reasonOfDeath(lastError) })),
    );
    await tools.incidents.report(tx, [
      ...exhausted.map((one) => exhaustedIncident({ ...one, attempts: one.number })),
      ...dead.map(endpointFailingIncident),
    ]);
  });
  return list.map(recorded);
}

function endedOf(one: Result): EndedAttempt {
  return one.ended;
}

function isDelivered(one: EndedAttempt): boolean {
  return one.status === 'delivered';
}

function recorded(): true {
  return true;
}

function reasonOfDeath(lastError: string | null): string {
  return `every attempt failed for days; the last: ${lastError ?? 'unknown'}`;
}

/**
 * What the results say of their endpoints. Nothing where all is well, so that a list in which everybody answered costs no
 * further statement. What was not sent says nothing.
 */
function healthReports(list: readonly Result[]): readonly EndpointReport[] {
  const reports = new Map<string, EndpointReport>();
  for (const { attempt, judged } of list) {
    const { id } = attempt.endpoint;
    const known = reports.get(id);
    if (judged.result.kind === 'told') {
      if (known !== undefined || attempt.endpoint.failingSince !== null)
        reports.set(id, { id, failures: 0, error: null });
    } else if (judged.wasSent && known?.failures !== 0) {
      reports.set(id, { id, failures: (known?.failures ?? 0) + 1, error: judged.error });
    }
  }
  return [...reports.values()];
}

function endedAttempt({ notification, token }: Attempt, judged: Sent, jitter: Jitter): EndedAttempt {
  const step = afterAttempt(judged.result, notification.schedule, attemptsOfSchedule(notification), jitter);
  return {
    id: notification.id,
    orderId: notification.orderId,
    endpointId: notification.endpointId,
    traceparent: notification.traceparent,
    token,
    number: notification.attempts,
    succeeded: judged.result.kind === 'told',
    httpStatus: judged.httpStatus,
    error: judged.error,
    excerpt: judged.excerpt,
    durationMs: judged.durationMs,
    status: statusAfter(step),
    sinceAttemptMs: step.kind === 'again' ? step.sinceAttemptMs : 0,
    sinceAnswerMs: step.kind === 'again' ? step.sinceAnswerMs : 0,
  };
}

function statusAfter(step: NextStep): EndedStatus {
  switch (step.kind) {
    case 'finished':
      return 'delivered';
    case 'again':
      return 'scheduled';
    case 'over':
      return 'exhausted';
    case 'stopped':
      return 'endpoint_disabled';
    default:
      return assertNever(step);
  }
}
