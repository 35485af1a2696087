import express, { type Express, type RequestHandler, Router } from 'express';
import type { Logger } from 'pino';
import { Problem } from '../core/errors';
import type { Ids } from '../core/ids';
import { createHealthRoutes, type Readiness } from './health';
import { jsonBody } from './json-body';
import { noSuchRoute } from './no-such-route';
import type { Routes } from './operation';
import { problemHandler } from './problem-details';
import { requestIdOf, requestIds } from './request-id';
import { securityHeaders } from './security-headers';

/** Routes and the path below which they are mounted, which may name parameters: `/merchants/:merchant_id/endpoints`. */
export interface Mount {
  readonly path: string;
  readonly routes: Router | Routes;
}

export interface AppDependencies {
  readonly logger: Logger;
  readonly ids: Ids;
  readonly ready: () => Promise<Readiness>;
  /** What a process serves: a worker only says how it is. */
  readonly serves?: 'everything' | 'health';
  /** Sees every request before anything else does. */
  readonly observe?: RequestHandler;
  /** `createMetricsRoutes(...)`. */
  readonly metrics?: Router;
  /** The proxies whose X-Forwarded-For is believed, as express takes them; none by default. */
  readonly trustProxy?: number | readonly string[];
  /** `operatorAuthentication(...)`: guards everything below /admin. */
  readonly authenticateOperator: RequestHandler;
  /** `merchantAuthentication(...)`: guards everything below /v1. */
  readonly authenticateMerchant: RequestHandler;
  /** `idempotency(...)`: for every POST below /admin and /v1. */
  readonly idempotency: RequestHandler;
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
  if (deps.trustProxy !== undefined) app.set('trust proxy', deps.trustProxy);
  if (deps.observe !== undefined) app.use(deps.observe);
  app.use(requestIds(deps.ids), logRequests(deps.logger), securityHeaders(), refuseNul);

  const routes = Router();
  routes.use(createHealthRoutes(deps));
  if (deps.metrics !== undefined) routes.use(deps.metrics);
  app.use(routes);
  if (deps.serves !== 'health') serveApi(app, routes, deps);
  app.use(noSuchRoute(routes), problemHandler(deps.logger));
  return app;
}

function serveApi(app: Express, routes: Router, deps: AppDependencies): void {
  routes.use('/callbacks', deps.callbacks);
  const operator = mounted(deps.operator);
  const merchant = mounted(deps.merchant);
  const json = [...jsonBody(), deps.idempotency];
  app.use('/admin', deps.authenticateOperator, ...json, operator, noSuchRoute(operator));
  app.use('/v1', deps.authenticateMerchant, ...json, merchant, noSuchRoute(merchant));
}

function mounted(mounts: readonly Mount[]): Router {
  const router = Router();
  for (const { path, routes } of mounts) router.use(path, 'operations' in routes ? routes.router : routes);
  return router;
}

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
