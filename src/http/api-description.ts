import type { Router } from 'express';
import type { z } from 'zod';
import type { Routes } from './operation';

/** Routes and the path below which they are mounted, which may name parameters: `/merchants/:merchant_id/endpoints`. */
export interface Mount {
  readonly path: string;
  readonly routes: Router | Routes;
}

/** Who may call: the operator's half of the API, the merchants', the gateways' callbacks, and what is open to anybody. */
export type Audience = 'operator' | 'merchant' | 'gateway' | 'anybody';

/** What the document says besides the operations: each concept's heading, and what the service itself sends. */
export interface ApiDescription {
  readonly version: string;
  /** The headings in their order, by name: what they are about, as Markdown. */
  readonly tags: Readonly<Record<string, string>>;
  readonly webhooks: readonly WebhookDescription[];
}

/** A request that the service makes to a merchant's endpoint. */
export interface WebhookDescription {
  /** What the payload's `type` is. */
  readonly type: string;
  readonly summary: string;
  readonly description: string;
  readonly payload: z.ZodType;
}

/** Mounts below a common path, for one kind of caller. */
export interface MountedFor {
  readonly path: string;
  readonly audience: Audience;
  readonly mounts: readonly Mount[];
}
