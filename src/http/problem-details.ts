import type { ErrorRequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import { systemClock } from '../core/clock';
import { createLogLimiter } from '../core/log-limiter';
import { Overloaded, PROBLEMS, Problem, Unavailable } from '../core/errors';
import { doNotKeepAnswer } from './kept-answer';
import { requestIdOf } from './request-id';
import { requestFields } from './request-trace';

/** Seconds after which a caller may try again what the service could not do. */
const RETRY_AFTER_SECONDS = 1;

/** So many lines of each kind: a database that is down fails every request, and one line says as much as thousands. */
const FAILURES_PER_MINUTE = 30;

/**
 * The last handler: every error becomes an RFC 9457 problem. What is not a `Problem` and not the caller's doing is logged
 * with its request id and answered without any detail: a stack trace helps an attacker more than a caller.
 */
export function problemHandler(logger: Logger): ErrorRequestHandler {
  const limiter = createLogLimiter({
    clock: systemClock,
    lines: FAILURES_PER_MINUTE,
    onSuppressed: (code, suppressed) => {
      logger.error({ event: 'http.failures_suppressed', code, suppressed }, 'more requests failed than are logged');
    },
  });
  return (error: unknown, req, res, next) => {
    const problem = toProblem(error);
    if ((problem.status >= 500 || problem.cause !== undefined) && limiter.allows(problem.code)) {
      const facts = { event: 'http.failed', err: error, code: problem.code, ...requestFields(req) };
      logger.error(facts, 'a request failed');
    }
    if (res.headersSent) {
      next(error);
      return;
    }
    sendProblem(req, res, problem);
  };
}

/** Answers with a problem: for the error handler, and for routes that answer one without throwing. */
export function sendProblem(req: Request, res: Response, problem: Problem): void {
  if (problem.retryable) doNotKeepAnswer(res);
  const retryAfter = problem.retryAfter ?? (problem.status === 503 ? RETRY_AFTER_SECONDS : undefined);
  if (retryAfter !== undefined) res.setHeader('Retry-After', String(retryAfter));
  if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="quittance"');
  const body = {
    type: `urn:quittance:problem:${problem.code}`,
    title: PROBLEMS[problem.code].title,
    status: problem.status,
    code: problem.code,
    detail: problem.detail,
    request_id: requestIdOf(req),
    ...(problem.fields.length === 0 ? {} : { errors: problem.fields }),
  };
  res.status(problem.status).type('application/problem+json').send(JSON.stringify(body));
}

/** The problem that an error means to the caller; a cause that is kept marks what a person must look at. */
function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Unavailable) {
    return new Problem('unavailable', 'something that this needs cannot be reached just now', { cause: error });
  }
  if (error instanceof Overloaded) {
    return new Problem('overloaded', 'more work waits than can be done; nothing of this was', { cause: error });
  }
  if (error instanceof Error) return badRequest(error) ?? new Problem('internal', 'it was logged', { cause: error });
  return new Problem('internal', 'it was logged', { cause: error });
}

/**
 * Errors of express and PostgreSQL that the caller's request has caused. A data exception (SQLSTATE
 * class 22: a value out of range, a text that cannot be stored) is a value that validation let through: the caller's
 * request is refused, and the cause is kept so that it is logged and the validation mended.
 */
function badRequest(error: Error & { status?: unknown; code?: unknown }): Problem | undefined {
  if (typeof error.status === 'number' && error.status >= 400 && error.status < 500) {
    return new Problem('invalid_request', 'the request could not be read');
  }
  if (typeof error.code === 'string' && /^22[0-9A-Z]{3}$/.test(error.code)) {
    return new Problem('invalid_request', 'a value of the request cannot be stored', { cause: error });
  }
  return undefined;
}
