import { contentHash } from '../core/canonical';

/**
 * The chain of operators' actions: each record is hashed together with the hash of the one before it, so that nothing in
 * the past can be changed, taken out or put in. Each hash is signed with the master key and the newest goes to the log, so
 * that whoever may write to the database can neither make a chain of his own nor cut off its end unnoticed.
 */
export interface ActionRecord {
  readonly kind: 'intent' | 'outcome';
  readonly action_id: string;
  readonly subjects: readonly string[];
  readonly operator: string | null;
  readonly operation: string | null;
  readonly method: string | null;
  readonly path: string | null;
  /** JSON as a text: the hash is over the very text that is stored. */
  readonly query: string | null;
  readonly body: string | null;
  readonly content_type: string | null;
  readonly content_length: string | null;
  readonly content_digest: string | null;
  readonly request_id: string | null;
  readonly trace_id: string | null;
  readonly client_address: string | null;
  readonly idempotency_key: string | null;
  readonly status: number | null;
  readonly problem: string | null;
  readonly created: string | null;
  readonly replayed: boolean | null;
}

/** A record at its place in the chain. */
export interface ChainedRecord extends ActionRecord {
  /** 1 for the first; a bigint as a decimal string. */
  readonly number: string;
  /** RFC 3339 in UTC with six decimals. */
  readonly at: string;
  readonly previous_hash: string;
}

/** What the first record names as its predecessor. */
export const GENESIS = '0'.repeat(64);

export function hashOfRecord(record: ChainedRecord): string {
  return contentHash({
    number: record.number,
    at: record.at,
    previous_hash: record.previous_hash,
    kind: record.kind,
    action_id: record.action_id,
    subjects: record.subjects,
    operator: record.operator,
    operation: record.operation,
    method: record.method,
    path: record.path,
    query: record.query,
    body: record.body,
    content_type: record.content_type,
    content_length: record.content_length,
    content_digest: record.content_digest,
    request_id: record.request_id,
    trace_id: record.trace_id,
    client_address: record.client_address,
    idempotency_key: record.idempotency_key,
    status: record.status,
    problem: record.problem,
    created: record.created,
    replayed: record.replayed,
  });
}

/** The text that is signed for a record. */
export function signedText(number: string, hash: string): string {
  return `quittance operator actions ${number} ${hash}`;
}
