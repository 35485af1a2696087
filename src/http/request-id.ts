import type { Request, RequestHandler } from 'express';
import type { Ids } from '../core/ids';

/** Ids of requests that callers may choose: what fits into a log line and an answer without being escaped. */
const SANE = /^[0-9A-Za-z._:-]{1,128}$/;
const known = new WeakMap<Request, string>();

/** Gives every request an id, the caller's own where it is sane, and every answer the same in `X-Request-Id`. */
export function requestIds(ids: Ids): RequestHandler {
  return (req, res, next) => {
    const offered = req.get('x-request-id');
    const id = offered !== undefined && SANE.test(offered) ? offered : ids.token();
    known.set(req, id);
    res.setHeader('X-Request-Id', id);
    next();
  };
}

export function requestIdOf(req: Request): string {
  return known.get(req) ?? 'unknown';
}
