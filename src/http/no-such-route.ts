import type { Request, RequestHandler, Response, Router } from 'express';
import { Problem } from '../core/errors';

/**
 * What follows the routes: 405 with `Allow` where the path exists under another method, else 404. Which methods a path has
 * is asked of the routes themselves, by the answer that express makes to OPTIONS; nothing is handled by asking.
 */
export function noSuchRoute(routes: Router): RequestHandler {
  return async (req, res) => {
    const allowed = await allowedMethods(routes, req);
    if (allowed === undefined) throw new Problem('not_found', 'there is nothing at this path');
    res.setHeader('Allow', allowed);
    throw new Problem('method_not_allowed', `this path takes ${allowed}`);
  };
}

function allowedMethods(routes: Router, req: Request): Promise<string | undefined> {
  return new Promise((resolve) => {
    let allowed: string | undefined;
    const listener = {
      setHeader: (name: string, value: string) => {
        if (name.toLowerCase() === 'allow') allowed = value;
      },
      end: () => {
        resolve(allowed);
      },
    };
    const question = Object.create(req, {
      method: { value: 'OPTIONS' },
      url: { value: req.url, writable: true },
    }) as Request;
    routes(question, listener as unknown as Response, () => {
      resolve(undefined);
    });
  });
}
