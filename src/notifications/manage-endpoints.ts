import { violatedConstraint } from '../consistency/database-errors';
import type { Schedule } from '../consistency/best-effort/schedule';
import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { EndpointId, Ids, MerchantId } from '../core/ids';
import type { RandomBytes } from '../core/random';
import type { Sealer } from '../core/sealing';
import { generateSecret } from './endpoint-secret';
import {
  type Endpoint,
  type EndpointChanges,
  type SuccessRule,
  disableEndpoints,
  enableEndpoint,
  endpointsByIds,
  endpointsOfMerchant,
  insertEndpoint,
  rotateSecret,
  updateEndpoint,
} from './endpoints-store';
import type { NotificationType } from './notify';
import { isBlockedPort } from './blocked-ports';
import { isPrivateLiteral } from './private-addresses';
import { type Resent, resendFailed } from './resend';

export interface NewEndpoint {
  readonly merchantId: MerchantId;
  /** An http or https URL. */
  readonly url: string;
  readonly schedule: Schedule;
  readonly successRule: SuccessRule;
  /** null wants every event. */
  readonly eventTypes?: readonly NotificationType[] | null;
  /** `whsec_...`; made here where it is not given. */
  readonly secret?: string | undefined;
}

/** An endpoint with its secret in clear: shown once, to whoever made it. */
export interface EndpointAndSecret {
  readonly endpoint: Endpoint;
  readonly secret: string;
}

export interface Endpoints {
  /** @throws Problem `not_found` (the merchant), `invalid_request` (a private address), `too_many_endpoints` */
  create(endpoint: NewEndpoint): Promise<EndpointAndSecret>;
  list(merchantId: MerchantId, after: string | undefined, limit: number): Promise<readonly Endpoint[]>;
  /** @throws Problem `not_found` */
  get(merchantId: MerchantId, id: EndpointId): Promise<Endpoint>;
  /** @throws Problem `not_found`, `invalid_request` (a private address) */
  update(merchantId: MerchantId, id: EndpointId, changes: EndpointChanges): Promise<Endpoint>;
  /** What is still scheduled for it ends as `endpoint_disabled`. @throws Problem `not_found` */
  disable(merchantId: MerchantId, id: EndpointId, reason: string): Promise<Endpoint>;
  /**
   * From now on announcements go there again, and what its disabling has ended within the last 30 days is resent, at most
   * 5,000 of it. @throws Problem `not_found`
   */
  enable(merchantId: MerchantId, id: EndpointId): Promise<{ readonly endpoint: Endpoint } & Resent>;
  /** Signs with a new secret, and for `overlapSeconds` with the one before as well. @throws Problem `not_found` */
  rotate(
    merchantId: MerchantId,
    id: EndpointId,
    secret: string | undefined,
    overlapSeconds: number,
  ): Promise<EndpointAndSecret>;
}

export interface EndpointsTools {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly random: RandomBytes;
  readonly allowPrivate: boolean;
}

/** An announcement makes a row for each of them: more would be a burden on every payment. */
const MOST_ENDPOINTS = 20;
const REVIVED_DAYS = 30;

export function createEndpoints(tools: EndpointsTools): Endpoints {
  const { db, sealer, random } = tools;
  /** An endpoint of another merchant is none. */
  const change = <R>(
    merchantId: MerchantId,
    id: EndpointId,
    write: (tx: Tx<'orders'>, endpoint: Endpoint) => Promise<R | undefined>,
  ): Promise<R> =>
    inTransaction(db, 'endpoints.change', async (tx) =>
      existing(await write(tx, ofMerchant(await endpointsByIds(tx, [id]), merchantId))),
    );
  return {
    create: (endpoint) => createEndpoint(tools, endpoint),
    list: (merchantId, after, limit) => endpointsOfMerchant(db, merchantId, after, limit),
    get: async (merchantId, id) => ofMerchant(await endpointsByIds(db, [id]), merchantId),
    update: (merchantId, id, changes) => {
      if (changes.url !== undefined) mustBeCallable(changes.url, tools.allowPrivate);
      return change(merchantId, id, (tx) => updateEndpoint(tx, id, changes));
    },
    disable: (merchantId, id, reason) =>
      change(merchantId, id, async (tx) => (await disableEndpoints(tx, [{ id, reason }]))[0]),
    enable: (merchantId, id) =>
      change(merchantId, id, async (tx, before) => {
        const endpoint = existing(await enableEndpoint(tx, id));
        if (before.status === 'active') return { endpoint, resent: 0, remaining: false };
        return { endpoint, ...(await resendFailed(tx, id, { days: REVIVED_DAYS, exhaustedToo: false })) };
      }),
    rotate: async (merchantId, id, given, overlapSeconds) => {
      const secret = given ?? generateSecret(random);
      const sealed = sealer.seal(secret, id);
      return { endpoint: await change(merchantId, id, (tx) => rotateSecret(tx, id, sealed, overlapSeconds)), secret };
    },
  };
}

async function createEndpoint(tools: EndpointsTools, wanted: NewEndpoint): Promise<EndpointAndSecret> {
  mustBeCallable(wanted.url, tools.allowPrivate);
  const id = tools.ids.next<'endpoint'>();
  const secret = wanted.secret ?? generateSecret(tools.random);
  const row = { ...wanted, id, eventTypes: wanted.eventTypes ?? null, sealedSecret: tools.sealer.seal(secret, id) };
  try {
    const endpoint = await inTransaction(tools.db, 'endpoints.create', (tx) => insertEndpoint(tx, row, MOST_ENDPOINTS));
    if (endpoint === undefined) {
      throw new Problem('too_many_endpoints', `a merchant has at most ${MOST_ENDPOINTS}; update one of them`);
    }
    return { endpoint, secret };
  } catch (error) {
    if (violatedConstraint(error) === 'notification_endpoints_merchant_id_fkey') {
      throw new Problem('not_found', 'there is no such merchant');
    }
    throw error;
  }
}

/** What can be seen in the URL is refused at once; where a name leads is looked at with every connection. */
function mustBeCallable(text: string, allowPrivate: boolean): void {
  const url = new URL(text);
  const refused = (detail: string, message: string): Problem =>
    new Problem('invalid_request', detail, { fields: [{ path: 'url', message }] });
  if (!allowPrivate && isPrivateLiteral(url.hostname)) {
    throw refused('the URL leads to a private address', 'is a private address, which endpoints may not use');
  }
  if (isBlockedPort(url.port)) {
    throw refused(`port ${url.port} belongs to another protocol`, 'has a port that endpoints may not use');
  }
}

function ofMerchant([endpoint]: readonly Endpoint[], merchantId: MerchantId): Endpoint {
  return existing(endpoint?.merchantId === merchantId ? endpoint : undefined);
}

function existing<T>(found: T | undefined): T {
  if (found === undefined) throw new Problem('not_found', 'the merchant has no such endpoint');
  return found;
}
