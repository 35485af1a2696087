import type { Request, RequestHandler, Response } from 'express';
import { Problem } from '../core/errors';
import { sendProblem } from './problem-details';

/** So long what is left of a request that was answered already is read and thrown away, for its sender to read the answer. */
const REST_MS = 2_000;

/**
 * Ends a request whose body has not arrived in time. The server's own limit is for all requests alike and has to leave a
 * large file its time; everything else is small and comes at once. A sender who has his answer and goes on sending, whatever
 * he was told, is cut off: without that a refused request would hold its connection for as long as the server's limit.
 * @param ms how long a body may be on its way
 * @param takesItsTime whether the path takes large files
 */
export function bodyDeadline(ms: number, takesItsTime: (path: string) => boolean): RequestHandler {
  return (req, res, next) => {
    res.once('finish', letGoOfRest);
    if (!takesItsTime(req.path)) {
      const timer = setTimeout(tooLate, ms, req, res);
      timer.unref();
      const clear = clearTimeout.bind(undefined, timer);
      req.once('end', clear).once('close', clear);
    }
    next();
  };
}

function tooLate(req: Request, res: Response): void {
  if (req.complete || res.headersSent) return;
  res.setHeader('Connection', 'close');
  res.once('close', () => req.destroy());
  sendProblem(req, res, new Problem('request_timeout', 'the request did not arrive in time'));
}

function letGoOfRest(this: Response): void {
  if (!this.req.complete) letGo(this.req);
}

function letGo(req: Request): void {
  req.resume();
  const timer = setTimeout(() => {
    req.destroy();
  }, REST_MS);
  timer.unref();
  req.once('close', () => {
    clearTimeout(timer);
  });
}
