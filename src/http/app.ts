import express, { type Express, type RequestHandler, Router } from 'express';
import type { Tracer } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { Problem } from '../core/errors';
import type { Ids } from '../core/ids';
import type { ApiDescription, Mount } from './api-description';
import { createDocumentRoutes } from './api-document';
import { bodyDeadline } from './body-deadline';
import { createDocsRoutes } from './docs';
import { createHealthRoutes, type Readiness } from './health';
import { mustBeUnambiguous } from './framing';
import { JSON_LIMIT_BYTES, jsonBody } from './json-body';
import { noSuchRoute } from './no-such-route';
import { openApiDocument } from './openapi';
import type { Routes } from './operation';
import { findOperation } from './operation-finder';
import { problemHandler } from './problem-details';
import { refuseLongerThan } from './raw-body';
import { type ActionRecorder, recordActions } from './record-actions';
import { requestIds } from './request-id';
import { requestFields, requestTraces } from './request-trace';
import { securityHeaders } from './security-headers';
import { together } from './together';

export type { Mount };

export interface AppDependencies {
  readonly logger: Logger;
  readonly ids: Ids;
  readonly tracer: Tracer;
  readonly ready: () => Promise<Readiness>;
  /** What a process serves: a worker only says how it is. */
  readonly serves?: 'everything' | 'health';
  /** How long a body may be on its way, in milliseconds; half a minute where it does not say. */
  readonly bodyMs?: number;
  /** `turnAway(...)`: answers what there is no room for, before anything else sees it. */
  readonly turnAway?: RequestHandler;
  /** Sees every other request before anything else does. */
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
  /** Keeps what operators do: below /admin nothing is changed that it has not written down before. */
  readonly operatorActions: ActionRecorder;
  /** Mounted at /callbacks before any body is parsed: it reads its own, byte for byte. */
  readonly callbacks: Router | Routes;
  /** Below /admin, before any body is parsed: each reads its own, which may be large. */
  readonly uploads?: readonly Mount[];
  /** Below /admin. */
  readonly operator: readonly Mount[];
  /** Below /v1. */
  readonly merchant: readonly Mount[];
  /** What the document at /openapi.json says besides the operations; nothing where it is missing. */
  readonly description?: ApiDescription;
}

/** Statements have the server's limit. */
const BODY_MS = 30_000;

/** The HTTP application: who is let in, how bodies are read, and how every error is answered. */
export function createApp(deps: AppDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers are small and many of them secret: none is worth a hash per request and a copy at the caller's.
  app.disable('etag');
  if (deps.trustProxy !== undefined) app.set('trust proxy', deps.trustProxy);
  app.use(
    together(
      deps.turnAway ?? pass,
      deps.observe ?? pass,
      requestIds(deps.ids),
      requestTraces(deps.tracer),
      logRequests(deps.logger),
      securityHeaders(),
      mustBeUnambiguous(),
      refuseNul,
      ignoreAnyMatch,
      bodyDeadline(deps.bodyMs ?? BODY_MS, (path) => /^\/admin\/reconciliation\/statements\/?$/i.test(path)),
    ),
  );

  const routes = Router();
  // Callbacks first: each part that a request passes costs it something, and of nothing else are there so many.
  if (deps.serves !== 'health') routes.use('/callbacks', routerOf(deps.callbacks));
  const health = createHealthRoutes(deps);
  routes.use(health.router);
  if (deps.metrics !== undefined) routes.use(deps.metrics);
  app.use(routes);
  if (deps.serves !== 'health') serveApi(app, routes, health, deps);
  app.use(noSuchRoute(routes), problemHandler(deps.logger));
  return app;
}

function serveApi(app: Express, routes: Router, health: Routes, deps: AppDependencies): void {
  const document = createDocumentRoutes(() => describe(deps, [health, document]));
  routes.use(document.router, createDocsRoutes());
  const operator = mounted(deps.operator);
  const merchant = mounted(deps.merchant);
  const uploads = deps.uploads ?? [];
  const recorded = recordActions({
    recorder: deps.operatorActions,
    operationOf: findOperation([...deps.operator, ...uploads]),
    logger: deps.logger,
  });
  app.use('/admin', deps.authenticateOperator, recorded.beforeBody, mounted(uploads));
  app.use('/admin', ...jsonBody(), recorded.unread, recorded.afterBody, deps.idempotency);
  app.use('/admin', operator, noSuchRoute(operator));
  // Who the merchant is, a database knows: it is not asked for a body that nobody will read.
  app.use('/v1', refuseLongerThan(JSON_LIMIT_BYTES), deps.authenticateMerchant, ...jsonBody(), deps.idempotency);
  app.use('/v1', merchant, noSuchRoute(merchant));
}

function mounted(mounts: readonly Mount[]): Router {
  const router = Router();
  for (const { path, routes } of mounts) router.use(path, routerOf(routes));
  return router;
}

function routerOf(routes: Router | Routes): Router {
  return 'operations' in routes ? routes.router : routes;
}

function describe(deps: AppDependencies, open: readonly Routes[]): ReturnType<typeof openApiDocument> {
  const own = open.map((routes) => ({ path: '/', routes }));
  return openApiDocument(
    [
      { path: '/v1', audience: 'merchant', mounts: deps.merchant },
      { path: '/callbacks', audience: 'gateway', mounts: [{ path: '/', routes: deps.callbacks }] },
      { path: '/admin', audience: 'operator', mounts: [...deps.operator, ...(deps.uploads ?? [])] },
      { path: '/', audience: 'anybody', mounts: own },
    ],
    deps.description ?? { version: '0', tags: {}, webhooks: [] },
  );
}

const pass: RequestHandler = (_req, _res, next) => {
  next();
};

/** PostgreSQL cannot keep or compare NUL, and no id, name or filter holds one. */
const refuseNul: RequestHandler = (req, _res, next) => {
  next(req.url.includes('%00') ? new Problem('invalid_request', 'the address holds a NUL character') : undefined);
};

/** A caller who has any answer at all wants none (`If-None-Match: *`): of what changes, and nobody keeps, that is no answer. */
const ignoreAnyMatch: RequestHandler = (req, _res, next) => {
  if (req.headers['if-none-match'] === '*') delete req.headers['if-none-match'];
  next();
};

function logRequests(logger: Logger): RequestHandler {
  return (req, res, next) => {
    if (!logger.isLevelEnabled('debug')) {
      next();
      return;
    }
    res.on('finish', () => {
      logger.debug(
        {
          event: 'http.answered',
          ...requestFields(req),
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
