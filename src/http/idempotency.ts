import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { type Json, contentHash } from '../core/canonical';
import { Problem, assertNever } from '../core/errors';
import { beforeSending } from './before-sending';
import { callerKey, callerOf } from './caller';
import type { IdempotencyKeys, KeptAnswer } from './idempotency-keys';
import { mayKeepAnswer } from './kept-answer';
import { requestFields } from './request-trace';

const VISIBLE = /^[\x21-\x7e]{1,255}$/;

/**
 * The key that the caller put on a request, undefined where there is none.
 * @throws Problem `invalid_request` where it is not 1 to 255 visible ASCII characters
 */
export function idempotencyKeyOf(req: Request): string | undefined {
  const key = req.get('idempotency-key');
  if (key === undefined || VISIBLE.test(key)) return key;
  throw new Problem('invalid_request', 'Idempotency-Key is 1 to 255 visible ASCII characters, sent once');
}

/**
 * Lets a POST with an `Idempotency-Key` run once: same key and content, the same answer byte for byte; other content, a
 * conflict. The answer is kept before it is sent, so that whoever has seen it sees it again. A process that dies between
 * the two leaves a lease that runs out; what the request made is then found again by its own uniqueness.
 */
export function idempotency(deps: { readonly keys: IdempotencyKeys; readonly logger: Logger }): RequestHandler {
  return async (req, res, next) => {
    const key = req.method === 'POST' ? idempotencyKeyOf(req) : undefined;
    if (key === undefined) {
      next();
      return;
    }
    const attempt = { caller: callerKey(callerOf(req)), key, contentHash: hashOf(req) };
    const begun = await deps.keys.begin(attempt);
    switch (begun.kind) {
      case 'begun':
        beforeSending(res, async (answer) => {
          try {
            await deps.keys.finish(attempt, begun.lease, mayKeepAnswer(res) ? answer : undefined);
          } catch (error) {
            // What the request did is done, and the caller who hears of it has no reason to repeat it.
            deps.logger.error(
              { event: 'http.answer_not_kept', err: error, ...requestFields(req) },
              'an answer could not be kept',
            );
          }
        });
        next();
        return;
      case 'answered':
        replay(res, begun.answer);
        return;
      case 'running':
        throw new Problem('idempotency_in_progress', 'the first request with this key has no answer yet', {
          retryAfter: 1,
        });
      case 'other_content':
        throw new Problem('idempotency_conflict', 'take another key for another request');
      default:
        assertNever(begun);
    }
  };
}

function hashOf(req: Request): string {
  const body = req.body as Json | undefined;
  return contentHash({ method: req.method, path: req.originalUrl, body: body ?? null });
}

function replay(res: Response, answer: KeptAnswer): void {
  res.setHeader('Idempotency-Replayed', 'true');
  res.status(answer.status);
  if (answer.body === '') res.end();
  else res.type(answer.status >= 400 ? 'application/problem+json' : 'application/json').send(answer.body);
}
