import { type Attributes, SpanKind, type Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import type { Jitter } from '../../core/backoff';
import { Away, Unavailable } from '../../core/errors';
import type { Ids, MessageId } from '../../core/ids';
import { STUCK_AFTER_ATTEMPTS } from '../../core/stuck';
import { type Claim, type Claims, type Failure, createClaims } from '../claims';
import { groupBy } from '../../core/group-by';
import { type Traceparent, traceOf } from '../../core/traceparent';
import { type Database, type Tx, inTransaction } from '../transaction';
import { inListSpan } from '../../core/tracing';
import { type Waiting, createWaiting } from '../waiting-store';
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
  readonly nextTryAt: Date;
  readonly ageSeconds: number;
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
  /**
   * Consumes messages that were born claimed under this token. Never rejects: what cannot be written is found by the sweep
   * when its lease has run out.
   */
  handleOwn(token: string, messages: readonly OutboxMessage[]): Promise<void>;
  /** At most so many messages that the queue has lost or never heard of, for the sweep, which enqueues them. */
  findOverdue(limit: number): Promise<readonly MessageId[]>;
}

/** The longest list that is claimed, consumed and committed at once. */
const LIST = 200;
const SWEPT_FOR_SECONDS = 30;
/** Short, because what a killed process held waits for it to end; a list that takes longer is consumed twice, without harm. */
export const OUTBOX_LEASE_MS = 12_000;

type OutboxClaims = Claims<'orders', OutboxRow>;

export function createOutboxWorker(deps: OutboxWorkerDependencies): OutboxWorker {
  const { db, ids, jitter, backoff } = deps;
  const log = createConsumingLog(deps.logger);
  const claims = createClaims<'orders', OutboxRow>(db, OUTBOX_TABLE, { ids, jitter, ...(backoff && { backoff }) });
  const tools: ConsumingTools = { ...deps, log, claims, waiting: createWaiting(db, OUTBOX_TABLE) };
  return {
    handle: async (messageIds) => {
      for (let start = 0; start < messageIds.length; start += LIST) {
        const only = messageIds.slice(start, start + LIST);
        const options = { limit: only.length, leaseMs: deps.leaseMs ?? OUTBOX_LEASE_MS, only };
        await consumeClaimed(tools, await claims.claim(options));
      }
    },
    handleOwn: async (token, messages) => {
      try {
        await consumeClaimed(tools, { token, rows: messages.map(toRow) });
      } catch (error) {
        const facts = { event: 'outbox.own_left', err: error, messages: messages.length };
        deps.logger.warn(facts, 'messages are left until their lease has run out');
      }
    },
    findOverdue: (limit) => outboxStore.markOverdue(db, limit, SWEPT_FOR_SECONDS),
  };
}

interface ConsumingTools extends OutboxWorkerDependencies {
  readonly log: ReturnType<typeof createConsumingLog>;
  readonly claims: OutboxClaims;
  readonly waiting: Waiting;
}

async function consumeClaimed(deps: ConsumingTools, { token, rows }: Claim<OutboxRow>): Promise<void> {
  // Side by side, and each writes its own result: a topic whose consumer hangs holds up no other.
  const work: Promise<void>[] = [];
  for (const [topic, ofTopic] of groupBy(rows, topicOf)) {
    const options = { kind: SpanKind.CONSUMER, attributes: attributesOf(topic, ofTopic) };
    const consuming = (): Promise<void> => consumeTopic(deps, token, topic, ofTopic);
    work.push(inListSpan(deps.tracer, `process ${topic}`, ofTopic, traceOf, options, consuming));
  }
  for (const result of await Promise.allSettled(work)) if (result.status === 'rejected') throw result.reason;
}

async function consumeTopic(
  deps: ConsumingTools,
  token: string,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<void> {
  const answers = await consume(deps, topic, rows);
  if (answers instanceof Away) {
    const { database, message: error } = answers;
    await deps.waiting.putAside(
      rows.map(({ id }) => ({ key: id, database, error })),
      token,
    );
    return;
  }
  await finish(deps, token, rows, answers);
  deps.log(rows, answers);
  await putBack(deps, token, rows, answers);
}

function topicOf(row: OutboxRow): string {
  return row.topic;
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

/**
 * An answer per row, or that the consumer's database is away. A consumer that throws has failed for all of them; what it did
 * or did not do, it knows next time.
 */
async function consume(
  deps: OutboxWorkerDependencies,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<readonly Consumed[] | Away> {
  const failAll = (reason: string): Consumed[] => rows.map(() => ({ kind: 'failed', reason }));
  const consumer = deps.consumers.find((one) => one.topic === topic);
  if (consumer === undefined) return failAll(`no consumer knows the topic "${topic}"`);
  try {
    const answers = await consumer.consume(rows.map(toMessage));
    if (answers.length === rows.length) return answers;
    return failAll(`the consumer answered ${answers.length} of ${rows.length} messages`);
  } catch (error) {
    if (error instanceof Away) return error;
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
  const done: MessageId[] = [];
  for (const [index, row] of rows.entries()) if (answers[index]?.kind === 'done') done.push(row.id);
  if (done.length > 0) await outboxStore.finish(deps.db, token, done);
}

async function putBack(
  deps: ConsumingTools,
  token: string,
  rows: readonly OutboxRow[],
  answers: readonly Consumed[],
): Promise<void> {
  const failed: { readonly row: OutboxRow; readonly reason: string }[] = [];
  for (const [index, row] of rows.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'failed') failed.push({ row, reason: answer.reason });
  }
  if (failed.length === 0) return;
  const failures = failed.map(({ row, reason }): Failure => ({ key: row.id, attempts: row.attempts, error: reason }));
  const back = new Set(await deps.claims.retryLater(token, failures));
  const stuck = failed.filter(
    ({ row }) => back.has(row.id) && row.attempts % (deps.stuckAfter ?? STUCK_AFTER_ATTEMPTS.messages) === 0,
  );
  if (stuck.length === 0) return;
  await inTransaction(deps.db, 'outbox.report_stuck', async (tx) => {
    const standing = await outboxStore.standing(
      tx,
      stuck.map(({ row }) => row.id),
    );
    const reports = stuck.flatMap(({ row, reason }): StuckMessage[] => {
      const now = standing.get(row.id);
      return now === undefined ? [] : [{ ...toMessage(row), ...now, attempts: row.attempts, error: reason }];
    });
    await deps.onStuck(tx, reports);
  });
}

function toMessage(row: OutboxRow): OutboxMessage {
  const { id, topic, version, payload, traceparent } = row;
  return { id, topic, eventKey: row.event_key, version, payload, traceparent };
}

function toRow({ id, topic, eventKey, version, payload, traceparent }: OutboxMessage): OutboxRow {
  return { id, topic, event_key: eventKey, version, payload, traceparent, attempts: 1 };
}
