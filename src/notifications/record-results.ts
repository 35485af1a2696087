import { type NextStep, afterAttempt } from '../consistency/best-effort/attempts';
import { type Database, inTransaction } from '../consistency/transaction';
import type { Jitter } from '../core/backoff';
import { assertNever } from '../core/errors';
import { gather } from '../core/gather';
import type { Incidents } from '../incidents/incident';
import { type EndedAttempt, type EndedStatus, endAttempts } from './attempts-store';
import { type Attempt, attemptsOfSchedule } from './begin-attempts';
import { disableEndpoint } from './endpoints-store';
import type { Judged } from './judge-answer';
import { endpointGoneIncident, exhaustedIncident } from './notification-incidents';

export interface ResultRecorder {
  /** Commits what came of an attempt, with whatever else is being recorded at the moment. */
  record(attempt: Attempt, judged: Judged & { readonly durationMs: number }): Promise<void>;
}

export function createResultRecorder(tools: {
  db: Database<'orders'>;
  jitter: Jitter;
  incidents: Incidents;
}): ResultRecorder {
  const write = gather((list: readonly EndedAttempt[]) => writeResults(tools, list), {
    step: 'notification results',
    cap: 200,
    room: 10_000,
  });
  return {
    record: async (attempt, judged) => {
      await write(endedAttempt(attempt, judged, tools.jitter));
      if (judged.result.kind !== 'gone') return;
      const { id, url } = attempt.endpoint;
      await inTransaction(tools.db, async (tx) => {
        await disableEndpoint(tx, id, 'answered 410');
        await tools.incidents.report(tx, [endpointGoneIncident(id, url)]);
      });
    },
  };
}

async function writeResults(
  tools: { db: Database<'orders'>; incidents: Incidents },
  list: readonly EndedAttempt[],
): Promise<readonly true[]> {
  await inTransaction(tools.db, async (tx) => {
    const mine = new Set(await endAttempts(tx, list));
    const exhausted = list.filter((one) => one.status === 'exhausted' && mine.has(one.id));
    if (exhausted.length === 0) return;
    await tools.incidents.report(
      tx,
      exhausted.map((one) => exhaustedIncident({ ...one, attempts: one.number })),
    );
  });
  return list.map(() => true);
}

function endedAttempt(
  { notification, token }: Attempt,
  judged: Judged & { readonly durationMs: number },
  jitter: Jitter,
): EndedAttempt {
  const step = afterAttempt(judged.result, notification.schedule, attemptsOfSchedule(notification), jitter);
  return {
    id: notification.id,
    orderId: notification.orderId,
    endpointId: notification.endpointId,
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
