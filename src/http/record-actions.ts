import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { Json } from '../core/canonical';
import { Problem, isTransient } from '../core/errors';
import { beforeSending } from './before-sending';
import { isAuthenticated, operatorOf } from './caller';
import type { KeptAnswer } from './idempotency-keys';
import type { Operation } from './operation';
import type { FindOperation } from './operation-finder';
import { hasBody } from './raw-body';
import { redact, redactText, shapeOf } from './redact';
import { requestIdOf } from './request-id';
import { requestFields, traceOf } from './request-trace';

/** What an operator is about to do. It holds no secret, and all of it is bounded. */
export interface ActionIntent {
  readonly operator: string;
  /** The operation's id; null where the path is none that is described. */
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly query: Json;
  /** Null where there is none, or it is no JSON: then type, length and digest say what there is to know. */
  readonly body: Json;
  readonly contentType: string | null;
  readonly contentLength: string | null;
  /** As the caller sent it in `Content-Digest` (RFC 9530). */
  readonly contentDigest: string | null;
  /** The ids that the request names, as callers see them. */
  readonly subjects: readonly string[];
  readonly requestId: string;
  readonly traceId: string | null;
  readonly clientAddress: string | null;
  readonly idempotencyKey: string | null;
}

/** What came of it, before the operator hears of it. */
export interface ActionOutcome {
  readonly status: number;
  /** The code of the problem; null where there was none. */
  readonly problem: string | null;
  /** The id of what the answer shows. */
  readonly created: string | null;
  /** The answer was that of an earlier request with the same idempotency key: nothing was done. */
  readonly replayed: boolean;
}

export interface ActionRecorder {
  /** Keeps the intent for good; gives the name under which its outcome is kept. @throws where it could not be kept */
  begin(intent: ActionIntent): Promise<string>;
  end(action: string, outcome: ActionOutcome): Promise<void>;
}

export interface RecordedActions {
  /** For requests whose body no parser takes: they are recorded before a route reads it. */
  readonly beforeBody: RequestHandler;
  /** For bodies that could not be read: what is refused is recorded too. */
  readonly unread: ErrorRequestHandler;
  readonly afterBody: RequestHandler;
}

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/**
 * Records every request that may change something, whatever route it is for, so that a route which is added later is
 * recorded as well: the intent before anything is done, and the outcome before the answer is sent. What cannot be recorded
 * is not done.
 */
export function recordActions(deps: {
  readonly recorder: ActionRecorder;
  readonly operationOf: FindOperation;
  readonly logger: Logger;
}): RecordedActions {
  const recorded = new WeakSet<Request>();
  const operationOf = (req: Request): Operation | undefined => deps.operationOf(req.method, req.path);

  const record = async (req: Request, res: Response): Promise<void> => {
    if (READS.has(req.method) || recorded.has(req)) return;
    recorded.add(req);
    const action = await begin(deps.recorder, intentOf(req, operationOf(req)));
    beforeSending(res, async (answer) => {
      try {
        await deps.recorder.end(action, outcomeOf(res, answer));
      } catch (error) {
        // It is done, and the intent says who did it; an operator who hears of a failure would do it again.
        const facts = { event: 'operator_action.outcome_lost', err: error, ...requestFields(req), action };
        deps.logger.error(facts, 'an outcome could not be recorded');
      }
    });
  };
  return {
    beforeBody: async (req, res, next) => {
      const isJson = JSON_TYPE.test(req.headers['content-type'] ?? '');
      if ((hasBody(req) && !isJson) || operationOf(req)?.rawBody !== undefined) await record(req, res);
      next();
    },
    unread: async (error: unknown, req, res, next) => {
      // What was refused before anybody asked who it is keeps its own answer.
      if (isAuthenticated(req)) await record(req, res);
      next(error);
    },
    afterBody: async (req, res, next) => {
      await record(req, res);
      next();
    },
  };
}

async function begin(recorder: ActionRecorder, intent: ActionIntent): Promise<string> {
  try {
    return await recorder.begin(intent);
  } catch (error) {
    const retryAfter = isTransient(error) ? {} : { retryAfter: 30 };
    throw new Problem('unavailable', 'the action could not be recorded, and was not done', {
      cause: error,
      ...retryAfter,
    });
  }
}

function intentOf(req: Request, operation: Operation | undefined): ActionIntent {
  const [path = ''] = req.originalUrl.split('?');
  const query = { ...req.query };
  const header = (name: string): string | null => {
    const value = req.get(name);
    return value === undefined ? null : redactText(value);
  };
  return {
    operator: operatorOf(req),
    operation: operation?.id ?? null,
    method: req.method,
    path: redactText(path),
    query: Object.keys(query).length === 0 ? null : redact(query),
    body: bodyOf(req, operation),
    contentType: header('content-type'),
    contentLength: /^\d{1,15}$/.exec(req.get('content-length') ?? '')?.[0] ?? null,
    contentDigest: header('content-digest'),
    subjects: [...new Set([...path.split('/').filter(isId), ...idsIn(query), ...idsIn(req.body)])].slice(
      0,
      MOST_SUBJECTS,
    ),
    requestId: requestIdOf(req),
    traceId: traceOf(req).slice(3, 35),
    clientAddress: req.ip ?? null,
    idempotencyKey: header('idempotency-key'),
  };
}

/**
 * The body as its operation understands it. Of one that it refuses only the shape is kept: in a field whose name is wrong
 * may be a secret that no rule about names knows.
 */
function bodyOf(req: Request, operation: Operation | undefined): Json {
  const body: unknown = req.body;
  if (body === undefined || Buffer.isBuffer(body)) return null;
  const isUnderstood = operation === undefined || operation.body?.safeParse(body).success === true;
  return isUnderstood ? redact(body) : shapeOf(body);
}

function outcomeOf(res: Response, answer: KeptAnswer): ActionOutcome {
  const body = readAnswer(answer.body);
  const text = (name: string): string | null => {
    const value = body[name];
    return typeof value === 'string' ? redactText(value) : null;
  };
  const id = text('id');
  return {
    status: answer.status,
    problem: answer.status >= 400 ? text('code') : null,
    created: answer.status < 400 && id !== null && isId(id) ? id : null,
    replayed: res.getHeader('Idempotency-Replayed') === 'true',
  };
}

function readAnswer(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

const MOST_SUBJECTS = 100;
const ID = /^[a-z]{2,8}_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function isId(text: string): boolean {
  return ID.test(text);
}

function idsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return isId(value) ? [value] : [];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(idsIn);
}
