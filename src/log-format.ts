/**
 * What a log line may not say. Fields are looked at by their names, however deep they lie, because a whole object may come
 * in; of an error only what is known to be harmless is written, because drivers put a failed row's values beside it.
 */
const CENSORED = '[secret]';
const SECRET_FIELD =
  /^(?:(?:proxy-)?authorization|(?:set-)?cookie|password|passwd|(?:[a-z_]*_)?token|(?:[a-z_]*_)?secret|(?:[a-z_]*_)?key|idempotency-key|(?:[a-z_]*_)?keys|secrets|sealed[a-z_]*|(?:[a-z]+-)*signature|body|payload)$/i;
/** Field names of ours that only look like it: names of keys, and the books' signature that is logged to be kept. */
const HARMLESS = new Set(['event_key', 'key_id', 'signature']);
/** Deeper than anybody logs on purpose. */
const DEEPEST = 6;

/** The fields of a line with what is secret replaced. A flat line without any is given back as it is. */
export function withoutSecrets(fields: Record<string, unknown>, depth = 0): Record<string, unknown> {
  let copy: Record<string, unknown> | undefined;
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    const shown = isSecret(name) ? CENSORED : cleaned(value, depth);
    if (shown === value) continue;
    copy ??= { ...fields };
    copy[name] = shown;
  }
  return copy ?? fields;
}

function cleaned(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  if (ArrayBuffer.isView(value)) return '[bytes]';
  if (depth >= DEEPEST) return '[deep]';
  if (Array.isArray(value)) return value.map((one: unknown) => cleaned(one, depth + 1));
  return 'toJSON' in value ? value : withoutSecrets(value as Record<string, unknown>, depth + 1);
}

const known = new Map<string, boolean>();
/** The names of fields are few; some strange object's are forgotten again. */
const MOST_KNOWN = 1_000;

function isSecret(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  const answer = !HARMLESS.has(name) && SECRET_FIELD.test(name);
  known.set(name, answer);
  return answer;
}

interface ShownError {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly [field: string]: unknown;
}

/** Beside type, message and stack: what tells causes apart, of our own errors, of Node's and of PostgreSQL's. */
const HARMLESS_FIELDS = ['code', 'status', 'errno', 'syscall', 'severity', 'schema', 'table', 'constraint', 'routine'];

/** An error for a line, with its causes. What was thrown and is no error says at least of which kind it is. */
export function showError(error: unknown, depth = 0): ShownError | string {
  if (!(error instanceof Error)) return typeof error === 'string' ? error : `thrown: ${typeof error}`;
  const facts = HARMLESS_FIELDS.flatMap((name) => {
    const value: unknown = (error as unknown as Record<string, unknown>)[name];
    return typeof value === 'string' || typeof value === 'number' ? [[name, value] as const] : [];
  });
  const inner = (found: unknown): unknown => (depth >= DEEPEST ? '[deep]' : showError(found, depth + 1));
  return {
    type: error.name === 'Error' ? error.constructor.name : error.name,
    message: error.message,
    stack: error.stack,
    ...Object.fromEntries(facts),
    ...(error.cause === undefined ? {} : { cause: inner(error.cause) }),
    ...(error instanceof AggregateError ? { errors: error.errors.slice(0, 5).map(inner) } : {}),
  };
}
