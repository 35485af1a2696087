import { z } from 'zod';
import { type Routes, createRoutes, operation } from './operation';

/** What readiness depends on, by name, and whether it is there. */
export type Readiness = Readonly<Record<string, boolean>>;

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
  description: 'For load balancers: while it answers 503, send requests elsewhere.',
  answer: {
    status: 200,
    description: 'Everything that it needs can be reached',
    schema: z.strictObject({ status: z.literal('ready'), checks }),
  },
  otherAnswers: [
    {
      status: 503,
      description: 'Something that it needs cannot be reached; `checks` says what',
      contents: { 'application/json': z.strictObject({ status: z.literal('not_ready'), checks }) },
    },
  ],
  problems: [],
});

/**
 * `/healthz`: the process answers. `/readyz`: what it needs can be reached, else 503, so that a balancer sends no requests
 * here. Neither says more than the names of what is missing, because both are open to anybody.
 */
export function createHealthRoutes(deps: { readonly ready: () => Promise<Readiness> }): Routes {
  const routes = createRoutes('Service');
  routes.serve(getHealth, () => Promise.resolve({ status: 'ok' as const }));
  routes.serveRaw(getReadiness, async ({ res }) => {
    const found = await deps.ready().catch((): Readiness => ({ service: false }));
    const ready = Object.values(found).every(Boolean);
    const answer = { status: ready ? ('ready' as const) : ('not_ready' as const), checks: { ...found } };
    res.status(ready ? 200 : 503).json(answer);
  });
  return routes;
}
