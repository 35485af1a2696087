/**
 * Every error that leaves the service has a code from this table, and only from this table: it decides the HTTP status,
 * the title that a person reads, and whether the same call may succeed later. Expected outcomes of the domain are
 * returned as unions; what is thrown is either a `Problem` or a bug.
 */
export const PROBLEMS = {
  invalid_request: { status: 400, title: 'The request is not valid', retryable: false },
  invalid_json: { status: 400, title: 'The body is not valid JSON', retryable: false },
  invalid_cursor: { status: 400, title: 'The cursor is not one that this service gave', retryable: false },
  unsupported_encoding: { status: 415, title: 'The content encoding is not supported', retryable: false },
  unsupported_media_type: { status: 415, title: 'The content type is not supported', retryable: false },
  unauthenticated: { status: 401, title: 'Authentication is missing or wrong', retryable: false },
  callback_refused: { status: 401, title: 'The callback could not be verified', retryable: false },
  forbidden: { status: 403, title: 'This key may not do that', retryable: false },
  not_found: { status: 404, title: 'There is no such thing', retryable: false },
  method_not_allowed: { status: 405, title: 'The method is not allowed here', retryable: false },
  conflict: { status: 409, title: 'The request conflicts with the present state', retryable: false },
  duplicate_order: { status: 409, title: 'The merchant has another order with this number', retryable: false },
  order_not_open: { status: 409, title: 'The order is not open', retryable: false },
  order_being_paid: { status: 409, title: 'The order is being paid just now', retryable: true },
  name_taken: { status: 409, title: 'The name is taken', retryable: false },
  idempotency_conflict: {
    status: 409,
    title: 'The idempotency key was used before with other content',
    retryable: false,
  },
  idempotency_in_progress: { status: 409, title: 'The first request with this key is still running', retryable: true },
  endpoint_disabled: { status: 409, title: 'The endpoint is disabled', retryable: false },
  too_many_endpoints: { status: 409, title: 'The merchant has as many endpoints as it may', retryable: false },
  not_resendable: { status: 409, title: 'The notification cannot be resent now', retryable: false },
  not_retryable: { status: 409, title: 'There is nothing to be tried again just now', retryable: false },
  account_has_holds: { status: 409, title: 'The account has open holds', retryable: true },
  account_not_empty: { status: 409, title: 'The account has a balance', retryable: false },
  account_protected: { status: 409, title: 'The account cannot be frozen or closed', retryable: false },
  incident_not_open: { status: 409, title: 'The incident is not open', retryable: false },
  incident_not_resolved: { status: 409, title: 'The incident is not resolved', retryable: false },
  incident_assigned: { status: 409, title: 'Somebody else has the incident', retryable: false },
  incident_changed: { status: 409, title: 'The incident has changed since it was read', retryable: false },
  body_too_large: { status: 413, title: 'The body is too large', retryable: false },
  request_timeout: { status: 408, title: 'The request did not arrive in time', retryable: true },
  rate_limited: { status: 429, title: 'There are too many requests', retryable: true },
  expectation_failed: { status: 417, title: 'The expectation cannot be met', retryable: false },
  headers_too_large: { status: 431, title: 'The headers are too large', retryable: false },
  fee_exceeds_amount: { status: 422, title: 'Fee and splits exceed the amount of the order', retryable: false },
  unknown_currency: { status: 422, title: 'The currency is not one of ISO 4217', retryable: false },
  invalid_amount: { status: 422, title: 'The amount does not fit its currency', retryable: false },
  unknown_channel: {
    status: 422,
    title: 'The channel does not exist or does not serve this merchant',
    retryable: false,
  },
  unknown_account: { status: 422, title: 'The account does not exist or is not of this merchant', retryable: false },
  no_statement_mapping: { status: 409, title: 'The channel has no mapping for its statements', retryable: false },
  internal: { status: 500, title: 'Something went wrong with us', retryable: true },
  unavailable: { status: 503, title: 'The service cannot do this just now', retryable: true },
  overloaded: { status: 503, title: 'The service has more work than it can take', retryable: true },
} as const satisfies Record<string, { status: number; title: string; retryable: boolean }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** One invalid field: a path such as `splits[0].amount` and a sentence for the caller. */
export interface InvalidField {
  readonly path: string;
  readonly message: string;
}

/**
 * An error with a stable code that may be shown to the caller. `detail` is a sentence for a person and holds no secret;
 * the cause is logged and never shown.
 */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly detail: string;
  readonly fields: readonly InvalidField[];
  /** Seconds after which a retry makes sense; sent as `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: ProblemCode,
    detail: string,
    options: { fields?: readonly InvalidField[]; cause?: unknown; retryAfter?: number } = {},
  ) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Problem';
    this.code = code;
    this.detail = detail;
    this.fields = options.fields ?? [];
    this.retryAfter = options.retryAfter;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }

  get retryable(): boolean {
    return PROBLEMS[this.code].retryable;
  }
}

/** A resource that this step needs cannot be reached or did not answer in time; what it did or did not do is unknown. */
export class Unavailable extends Error {
  constructor(resource: string, cause: unknown) {
    super(`${resource} is unavailable: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = 'Unavailable';
  }
}

/**
 * A database that this process knows to be away is not asked: nothing was done, and nothing is gained by asking again before
 * it is back.
 */
export class Away extends Unavailable {
  readonly database: string;

  constructor(database: string, cause: unknown) {
    super(`database ${database}`, cause);
    this.name = 'Away';
    this.database = database;
  }
}

/** More work waits for a step than it may hold; nothing of this item was done. */
export class Overloaded extends Error {
  constructor(step: string) {
    super(`${step} has no room for more work`);
    this.name = 'Overloaded';
  }
}

/** True where the same work may succeed later without anybody changing it. */
export function isTransient(error: unknown): boolean {
  if (error instanceof Problem) return error.retryable;
  return error instanceof Unavailable || error instanceof Overloaded;
}

/** Ends a switch over a closed union: the compiler refuses a case that was forgotten. */
export function assertNever(value: never): never {
  throw new Error(`unexpected case: ${JSON.stringify(value)}`);
}
