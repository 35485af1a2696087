import { z } from 'zod';
import { type Routes, createRoutes, operation } from './operation';

/** Whether to send requests here, and what the process uses, by name, and whether it is there. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, boolean>>;
}

const checks = z
  .record(z.string(), z.boolean())
  .meta({ description: 'What the process needs, and whether it can be reached', example: { orders: true } });

const getHealth = operation({
  id: 'getHealth',
  method: 'get',
  path: '/healthz',
  summary: 'Ask whether the process answers',
  answer: { status: 200, description: 'It does', schema: z.strictObject({ status: z.literal('ok') }) },
  problems: [],
});

const getReadiness = operation({
  id: 'getReadiness',
  method: 'get',
  path: '/readyz',
  summary: 'Ask whether the process can do its work',
  description:
    'For load balancers: while it answers 503, send requests elsewhere. A process is ready while it reaches the orders ' +
    'database and is not stopping; without another database what needs it waits, and `checks` says which.',
  answer: {
    status: 200,
    description: 'It takes callbacks; `checks` says what it reaches',
    schema: z.strictObject({ status: z.literal('ready'), checks }),
  },
  otherAnswers: [
    {
      status: 503,
      description: 'It cannot take callbacks; `checks` says what is missing',
      contents: { 'application/json': z.strictObject({ status: z.literal('not_ready'), checks }) },
    },
  ],
  problems: [],
});

/**
 * `/healthz`: the process answers. `/readyz`: it can take callbacks, else 503, so that a balancer sends no requests
 * here. Neither says more than the names of what is missing, because both are open to anybody.
 */
export function createHealthRoutes(deps: { readonly ready: () => Promise<Readiness> }): Routes {
  const routes = createRoutes('Service');
  routes.serve(getHealth, () => Promise.resolve({ status: 'ok' as const }));
  routes.serveRaw(getReadiness, async ({ res }) => {
    const { ready, checks: found } = await deps
      .ready()
      .catch((): Readiness => ({ ready: false, checks: { service: false } }));
    const answer = { status: ready ? ('ready' as const) : ('not_ready' as const), checks: { ...found } };
    res.status(ready ? 200 : 503).json(answer);
  });
  return routes;
}
