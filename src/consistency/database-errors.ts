import { Unavailable } from '../core/errors';

/** SQLSTATE classes after which the same work may succeed: PostgreSQL's documentation, appendix A. */
const TRANSIENT_CLASSES = new Set(['08', '53', '57', '58']);
const TRANSIENT_STATES = new Set(['40001', '40P01', '55P03', '25P03', '25P04', '25006']);
const NETWORK_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
]);

/** Whether the same work may succeed later, as far as the driver's error tells. */
export function isOutage(error: Error & { code?: unknown }): boolean {
  if (error instanceof Unavailable) return false;
  const code = typeof error.code === 'string' ? error.code : '';
  if (NETWORK_ERRORS.has(code)) return true;
  if (/^[0-9A-Z]{5}$/.test(code)) return TRANSIENT_STATES.has(code) || TRANSIENT_CLASSES.has(code.slice(0, 2));
  return (
    error.name === 'KnexTimeoutError' ||
    error.name === 'AggregateError' ||
    /Connection terminated|Client has encountered a connection error|timeout expired|Unable to acquire a connection|aborted/i.test(
      error.message,
    )
  );
}

/** The name of the constraint that a write violated, undefined where the error is another. */
export function violatedConstraint(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('constraint' in error)) return undefined;
  return typeof error.constraint === 'string' ? error.constraint : undefined;
}

/** Runs what talks to a database; where that failed because of an outage, says so. @throws Unavailable */
export async function reaching<R>(schema: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && isOutage(error)) throw new Unavailable(`database ${schema}`, error);
    throw error;
  }
}
