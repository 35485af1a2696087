import { type Json, canonicalJson } from '../core/canonical';
import { gather } from '../core/gather';
import type { Ids } from '../core/ids';
import type { Sealer } from '../core/sealing';
import { type Database, inTransaction } from '../consistency/transaction';
import { type RecordRow, actionsStore } from './actions-store';
import { type ActionRecord, GENESIS, hashOfRecord, signedText } from './chain';

/** What is kept before an action is executed; every text without secrets and bounded by whoever gives it. */
export interface Intent {
  readonly operator: string;
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly query: Json;
  readonly body: Json;
  readonly contentType: string | null;
  readonly contentLength: string | null;
  readonly contentDigest: string | null;
  readonly subjects: readonly string[];
  readonly requestId: string;
  readonly traceId: string | null;
  readonly clientAddress: string | null;
  readonly idempotencyKey: string | null;
}

/** What is kept before the operator hears of it. */
export interface Outcome {
  readonly status: number;
  readonly problem: string | null;
  readonly created: string | null;
  readonly replayed: boolean;
}

export interface OperatorActions {
  /** Gives the id of the action once its intent is committed. */
  begin(intent: Intent): Promise<string>;
  end(action: string, outcome: Outcome): Promise<void>;
}

export interface OperatorActionsDependencies {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly sealer: Sealer;
  /** Gets the signed head at every commit: a log outside the database is what shows that the end was cut off. */
  readonly logger: { info(facts: object, text: string): void };
}

/** Appends to the record of what operators do: one list, one commit. */
export function createOperatorActions(deps: OperatorActionsDependencies): OperatorActions {
  const append = gather((list: readonly ActionRecord[]) => appendList(deps, list), {
    step: 'operator-actions',
    cap: 100,
    room: 2_000,
  });
  return {
    begin: async (intent) => {
      const id = deps.ids.next<'operatorAction'>();
      await append(intentRecord(id, intent));
      return id;
    },
    end: async (action, outcome) => {
      await append(outcomeRecord(action, outcome));
    },
  };
}

async function appendList(
  { db, sealer, logger }: OperatorActionsDependencies,
  list: readonly ActionRecord[],
): Promise<readonly ActionRecord[]> {
  const rows = await inTransaction(db, 'operator_actions.record', async (tx) => {
    await actionsStore.lockHead(tx);
    const head = await actionsStore.readHead(tx);
    let previous = head.hash ?? GENESIS;
    const chained = list.map((record, index): RecordRow => {
      const number = String(BigInt(head.number) + BigInt(index + 1));
      const placed = { ...record, number, at: head.now, previous_hash: previous };
      const hash = hashOfRecord(placed);
      previous = hash;
      const { keyId, signature } = sealer.sign(signedText(number, hash));
      return { ...placed, hash, key_id: keyId, signature };
    });
    await actionsStore.insert(tx, chained);
    return chained;
  });
  const newest = rows.at(-1);
  if (newest !== undefined) {
    const { number, hash, key_id: keyId, signature } = newest;
    const facts = { event: 'operator_actions.head_moved', number, hash, keyId, signature };
    logger.info(facts, 'the head of the operators’ actions has moved');
  }
  return list;
}

const NOTHING = {
  subjects: [],
  operator: null,
  operation: null,
  method: null,
  path: null,
  query: null,
  body: null,
  content_type: null,
  content_length: null,
  content_digest: null,
  request_id: null,
  trace_id: null,
  client_address: null,
  idempotency_key: null,
  status: null,
  problem: null,
  created: null,
  replayed: null,
};

function intentRecord(id: string, intent: Intent): ActionRecord {
  return {
    ...NOTHING,
    kind: 'intent',
    action_id: id,
    subjects: intent.subjects,
    operator: intent.operator,
    operation: intent.operation,
    method: intent.method,
    path: intent.path,
    query: intent.query === null ? null : canonicalJson(intent.query),
    body: intent.body === null ? null : canonicalJson(intent.body),
    content_type: intent.contentType,
    content_length: intent.contentLength,
    content_digest: intent.contentDigest,
    request_id: intent.requestId,
    trace_id: intent.traceId,
    client_address: intent.clientAddress,
    idempotency_key: intent.idempotencyKey,
  };
}

function outcomeRecord(id: string, outcome: Outcome): ActionRecord {
  return {
    ...NOTHING,
    ...outcome,
    kind: 'outcome',
    action_id: id,
    subjects: outcome.created === null ? [] : [outcome.created],
  };
}
