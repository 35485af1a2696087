import { type Attributes, SpanKind, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Jitter } from '../../core/backoff';
import { Unavailable } from '../../core/errors';
import type { Ids, MessageId } from '../../core/ids';
import { type Claims, type Failure, createClaims } from '../claims';
import type { Traceparent } from '../../core/traceparent';
import { type Database, type Tx, inTransaction } from '../transaction';
import { inListSpan } from '../../core/tracing';
import { type OutboxLogger, createConsumingLog } from './consuming-log';
import type { Consumed, Consumer, OutboxMessage } from './outbox';
import { OUTBOX_TABLE, type OutboxRow, outboxStore } from './outbox-store';

/** A message that has failed again and again, and still will be tried. */
export interface StuckMessage {
  readonly id: MessageId;
  readonly topic: string;
  readonly eventKey: string;
  readonly payload: unknown;
  readonly attempts: number;
  readonly error: string;
  readonly traceparent: Traceparent | null;
}

export interface OutboxWorkerDependencies {
  readonly db: Database<'orders'>;
  readonly consumers: readonly Consumer[];
  readonly ids: Ids;
  readonly jitter: Jitter;
  /** Tells a person, in a transaction of its own, at every `stuckAfter`-th attempt of a message. */
  readonly onStuck: (tx: Tx<'orders'>, stuck: readonly StuckMessage[]) => Promise<void>;
  readonly logger: OutboxLogger & Pick<Logger, 'error'>;
  readonly tracer: Tracer;
  readonly stuckAfter?: number;
  readonly leaseMs?: number;
  readonly backoff?: { readonly firstMs: number; readonly capMs: number };
}

export interface OutboxWorker {
  /**
   * Consumes those of the messages that are still due. A message that fails comes again later, for ever.
   * @throws Unavailable where the orders database cannot be reached; the sweep finds the messages again
   */
  handle(ids: readonly MessageId[]): Promise<void>;
  /** At most so many messages that the queue has lost or never heard of, for the sweep, which enqueues them. */
  findOverdue(limit: number): Promise<readonly MessageId[]>;
}

/** The longest list that is claimed, consumed and committed at once. */
const LIST = 200;
const SWEPT_FOR_SECONDS = 30;
/** Short, because what a killed process held waits for it to end; a list that takes longer is consumed twice, without harm. */
const LEASE_MS = 12_000;

type OutboxClaims = Claims<'orders', OutboxRow>;

export function createOutboxWorker(deps: OutboxWorkerDependencies): OutboxWorker {
  const { db, ids, jitter, backoff } = deps;
  const log = createConsumingLog(deps.logger);
  const claims = createClaims<'orders', OutboxRow>(db, OUTBOX_TABLE, { ids, jitter, ...(backoff && { backoff }) });
  return {
    handle: async (messageIds) => {
      for (let start = 0; start < messageIds.length; start += LIST) {
        await handleList({ ...deps, log }, claims, messageIds.slice(start, start + LIST));
      }
    },
    findOverdue: (limit) => outboxStore.markOverdue(db, limit, SWEPT_FOR_SECONDS),
  };
}

async function handleList(
  deps: OutboxWorkerDependencies & { readonly log: ReturnType<typeof createConsumingLog> },
  claims: OutboxClaims,
  only: readonly MessageId[],
): Promise<void> {
  const { token, rows } = await claims.claim({ limit: only.length, leaseMs: deps.leaseMs ?? LEASE_MS, only });
  const topics = [...new Set(rows.map((row) => row.topic))];
  // Side by side, and each writes its own result: a topic whose consumer hangs holds up no other.
  const results = await Promise.allSettled(
    topics.map((topic) => {
      const ofTopic = rows.filter((row) => row.topic === topic);
      const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(topic, ofTopic) };
      return inListSpan(deps.tracer, `process ${topic}`, ofTopic, traceOfRow, options, async () => {
        const answers = await consume(deps, topic, ofTopic);
        await finish(deps, token, ofTopic, answers);
        deps.log(ofTopic, answers);
        await putBack(deps, claims, token, ofTopic, answers);
      });
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

function traceOfRow(row: OutboxRow): OutboxRow['traceparent'] {
  return row.traceparent;
}

/** As OpenTelemetry's semantic conventions for messaging say. */
function attributesOf(topic: string, rows: readonly OutboxRow[]): Attributes {
  return {
    'messaging.system': 'quittance_outbox',
    'messaging.operation.type': 'process',
    'messaging.operation.name': 'process',
    'messaging.destination.name': topic,
    'messaging.batch.message_count': rows.length,
  };
}

/** An answer per row. A consumer that throws has failed for all of them; what it did or did not do, it knows next time. */
async function consume(
  deps: OutboxWorkerDependencies,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<readonly Consumed[]> {
  const failAll = (reason: string): Consumed[] => rows.map(() => ({ kind: 'failed', reason }));
  const consumer = deps.consumers.find((one) => one.topic === topic);
  if (consumer === undefined) return failAll(`no consumer knows the topic "${topic}"`);
  try {
    const answers = await consumer.consume(rows.map(toMessage));
    if (answers.length === rows.length) return answers;
    return failAll(`the consumer answered ${answers.length} of ${rows.length} messages`);
  } catch (error) {
    if (!(error instanceof Unavailable)) {
      deps.logger.error({ event: 'outbox.consumer_threw', err: error, topic }, 'an outbox consumer threw');
    }
    return failAll(error instanceof Error ? error.message : String(error));
  }
}

async function finish(
  deps: OutboxWorkerDependencies,
  token: string,
  rows: readonly OutboxRow[],
  answers: readonly Consumed[],
): Promise<void> {
  const done = rows.filter((_, index) => answers[index]?.kind === 'done').map((row) => row.id);
  if (done.length > 0) await outboxStore.finish(deps.db, token, done);
}

async function putBack(
  deps: OutboxWorkerDependencies,
  claims: OutboxClaims,
  token: string,
  rows: readonly OutboxRow[],
  answers: readonly Consumed[],
): Promise<void> {
  const failed = rows.flatMap((row, index) => {
    const answer = answers[index];
    return answer?.kind === 'failed' ? [{ row, reason: answer.reason }] : [];
  });
  const failures = failed.map(({ row, reason }): Failure => ({ key: row.id, attempts: row.attempts, error: reason }));
  const back = new Set(await claims.retryLater(token, failures));
  const stuck = failed.filter(({ row }) => back.has(row.id) && row.attempts % (deps.stuckAfter ?? 10) === 0);
  if (stuck.length === 0) return;
  await inTransaction(deps.db, (tx) =>
    deps.onStuck(
      tx,
      stuck.map(({ row, reason }) => ({ ...toMessage(row), attempts: row.attempts, error: reason })),
    ),
  );
}

function toMessage(row: OutboxRow): OutboxMessage {
  const { id, topic, version, payload, traceparent } = row;
  return { id, topic, eventKey: row.event_key, version, payload, traceparent };
}
