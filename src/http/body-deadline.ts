import type { RequestHandler } from 'express';
import { Problem } from '../core/errors';
import { sendProblem } from './problem-details';

/**
 * Ends a request whose body has not arrived in time. The server's own limit is for all requests alike and has to leave a
 * large file its time; everything else is small and comes at once.
 * @param takesItsTime whether the path takes large files
 */
export function bodyDeadline(ms: number, takesItsTime: (path: string) => boolean): RequestHandler {
  return (req, res, next) => {
    if (!takesItsTime(req.path)) {
      const timer = setTimeout(() => {
        if (req.complete) return;
        if (!res.headersSent) {
          res.setHeader('Connection', 'close');
          sendProblem(req, res, new Problem('request_timeout', 'the request did not arrive in time'));
        }
        res.once('close', () => req.destroy());
      }, ms);
      timer.unref();
      const clear = (): void => {
        clearTimeout(timer);
      };
      req.once('end', clear).once('close', clear);
    }
    next();
  };
}
