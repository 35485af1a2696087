import { createHash, timingSafeEqual } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { bearerToken } from './authentication';
import { noteOperation } from './observed-requests';

export interface MetricsDependencies {
  readonly scrape: () => Promise<{ readonly contentType: string; readonly text: string }>;
  /** A token that opens nothing but the metrics; undefined where there is none. */
  readonly token: string | undefined;
  /** Whoever may do anything may read them too. */
  readonly authenticateOperator: RequestHandler;
}

/**
 * `GET /metrics` for Prometheus. It is not open: how much money moves, and through which bank, is nobody's business. The
 * token of its own is for the scraper's configuration, in which no operator's token should lie.
 */
export function createMetricsRoutes(deps: MetricsDependencies): Router {
  const router = Router();
  const expected = deps.token === undefined ? undefined : sha256(deps.token);
  const authenticate: RequestHandler = (req, res, next) => {
    const token = bearerToken(req);
    const isScraper = expected !== undefined && token !== undefined && timingSafeEqual(sha256(token), expected);
    if (!isScraper) return deps.authenticateOperator(req, res, next);
    next();
    return undefined;
  };
  router.get('/metrics', authenticate, async (req, res) => {
    noteOperation(req, 'getMetrics');
    const { contentType, text } = await deps.scrape();
    res.set('Content-Type', contentType).send(text);
  });
  return router;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
