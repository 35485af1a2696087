import { performance } from 'node:perf_hooks';
import type { Request, RequestHandler, Response } from 'express';

export interface AnsweredRequest {
  /** The operation's id; `none` for what reached no operation. Never the path, of which there are any number. */
  readonly operation: string;
  readonly method: string;
  readonly status: number;
  readonly tookMs: number;
}

const operations = new WeakMap<Request, string>();
/** Whatever a caller writes as the method, the metrics know these. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Notes which operation a request has reached. */
export function noteOperation(req: Request, id: string): void {
  operations.set(req, id);
}

/** Tells of every request when its answer has gone, or its connection. */
export function observeRequests(tell: (request: AnsweredRequest) => void): RequestHandler {
  return (req, res, next) => {
    res.once('close', closed.bind(undefined, tell, req, res, performance.now()));
    next();
  };
}

function closed(tell: (request: AnsweredRequest) => void, req: Request, res: Response, began: number): void {
  tell({
    operation: operations.get(req) ?? 'none',
    method: METHODS.has(req.method) ? req.method : 'other',
    // An answer that never went out: its caller has gone.
    status: res.writableFinished ? res.statusCode : 499,
    tookMs: performance.now() - began,
  });
}
