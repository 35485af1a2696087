import type { RequestListener } from 'node:http';
import type { Queues } from '../jobs/queues';
import type { Databases } from './consistency/transaction';
import type { HttpClient } from './notifications/http-client';

/**
 * The parts through which a process reaches outside itself. Whoever starts a service may put something around them; tests
 * do, to stop a process exactly there. The service itself puts nothing around them, so it costs nothing.
 */
export interface Boundaries {
  databases(real: Databases): Databases;
  queues(real: Queues): Queues;
  /** What calls merchants. */
  http(real: HttpClient): HttpClient;
  /** What answers whoever calls us. */
  app(real: RequestListener): RequestListener;
}

export const NOTHING_AROUND: Boundaries = {
  databases: (real) => real,
  queues: (real) => real,
  http: (real) => real,
  app: (real) => real,
};
