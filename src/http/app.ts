import express, { type Express, type RequestHandler, Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import { Problem } from '../core/errors';
import type { Ids } from '../core/ids';
import { createHealthRoutes, type Readiness } from './health';
import { jsonBody } from './json-body';
import { noSuchRoute } from './no-such-route';
import type { Routes } from './operation';
import { findOperation } from './operation-finder';
import { problemHandler } from './problem-details';
import { type ActionRecorder, recordActions } from './record-actions';
import { requestIdOf, requestIds } from './request-id';

/** Routes and the path below which they are mounted, which may name parameters: `/merchants/:merchant_id/endpoints`. */
export interface Mount {
  readonly path: string;
  readonly routes: Router | Routes;
}

export interface AppDependencies {
  readonly logger: Logger;
  readonly ids: Ids;
  readonly ready: () => Promise<Readiness>;
  /** `operatorAuthentication(...)`: guards everything below /admin. */
  readonly authenticateOperator: RequestHandler;
  /** `merchantAuthentication(...)`: guards everything below /v1. */
  readonly authenticateMerchant: RequestHandler;
  /** `idempotency(...)`: for every POST below /admin and /v1. */
  readonly idempotency: RequestHandler;
  /** Keeps what operators do: below /admin nothing is changed that it has not written down before. */
  readonly operatorActions: ActionRecorder;
  /** Mounted at /callbacks before any body is parsed: it reads its own, byte for byte. */
  readonly callbacks: Router;
  /** Below /admin. */
  readonly operator: readonly Mount[];
  /** Below /v1. */
  readonly merchant: readonly Mount[];
}

/** The HTTP application: who is let in, how bodies are read, and how every error is answered. */
export function createApp(deps: AppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers are small and many of them secret: none is worth a hash per request and a copy at the caller's.
  app.disable('etag');
  app.use(requestIds(deps.ids), logRequests(deps.logger), helmet(), refuseNul);

  const routes = Router();
  routes.use(createHealthRoutes(deps));
  routes.use('/callbacks', deps.callbacks);
  const operator = mounted(deps.operator);
  const merchant = mounted(deps.merchant);
  const recorded = recordActions({
    recorder: deps.operatorActions,
    operationOf: findOperation(deps.operator),
    logger: deps.logger,
  });
  app.use(routes);
  app.use('/admin', deps.authenticateOperator, noStore, recorded.beforeBody);
  app.use('/admin', ...jsonBody(), recorded.unread, recorded.afterBody, deps.idempotency);
  app.use('/admin', operator, noSuchRoute(operator));
  app.use('/v1', deps.authenticateMerchant, noStore, ...jsonBody(), deps.idempotency, merchant, noSuchRoute(merchant));
  app.use(noSuchRoute(routes), problemHandler(deps.logger));
  return app;
}

function mounted(mounts: readonly Mount[]): Router {
  const router = Router();
  for (const { path, routes } of mounts) router.use(path, 'operations' in routes ? routes.router : routes);
  return router;
}

const noStore: RequestHandler = (_req, res, next) => {
  res.setHeader('Cache-Control', 'no-store');
  next();
};

/** PostgreSQL cannot keep or compare NUL, and no id, name or filter holds one. */
const refuseNul: RequestHandler = (req, _res, next) => {
  next(req.url.includes('%00') ? new Problem('invalid_request', 'the address holds a NUL character') : undefined);
};

function logRequests(logger: Logger): RequestHandler {
  return (req, res, next) => {
    res.on('finish', () => {
      logger.debug(
        {
          request_id: requestIdOf(req),
          method: req.method,
          path: req.originalUrl.split('?')[0],
          status: res.statusCode,
        },
        'answered',
      );
    });
    next();
  };
}
