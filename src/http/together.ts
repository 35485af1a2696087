import type { NextFunction, Request, RequestHandler, Response } from 'express';

/**
 * One handler that is several for every path, each behind the other: express looks for every single one whether its path fits,
 * which costs a callback more than what most of them do.
 * @param handlers what they throw or hand to `next` ends the row, as in express
 */
export function together(...handlers: readonly RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    goOn(handlers, 0, req, res, next);
  };
}

function goOn(handlers: readonly RequestHandler[], at: number, req: Request, res: Response, next: NextFunction): void {
  const handler = handlers[at];
  if (handler === undefined) {
    next();
    return;
  }
  const answered: unknown = handler(req, res, (problem?: unknown) => {
    if (problem === undefined || problem === null) goOn(handlers, at + 1, req, res, next);
    else next(problem);
  });
  if (answered instanceof Promise) answered.catch(next);
}
