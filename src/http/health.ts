import { Router } from 'express';

/** What readiness depends on, by name, and whether it is there. */
export type Readiness = Readonly<Record<string, boolean>>;

/**
 * `/healthz`: the process answers. `/readyz`: what it needs can be reached, else 503, so that a balancer sends no requests
 * here. Neither says more than the names of what is missing, because both are open to anybody.
 */
export function createHealthRoutes(deps: { readonly ready: () => Promise<Readiness> }): Router {
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.json({ status: 'ok' });
  });
  router.get('/readyz', async (_req, res) => {
    const checks = await deps.ready().catch((): Readiness => ({ service: false }));
    const ready = Object.values(checks).every(Boolean);
    res.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not_ready', checks });
  });
  return router;
}
