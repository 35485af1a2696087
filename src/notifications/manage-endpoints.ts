import type { Schedule } from '../consistency/best-effort/schedule';
import { type Database, type Tx, inTransaction, violatedConstraint } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { EndpointId, Ids, MerchantId } from '../core/ids';
import type { RandomBytes } from '../core/random';
import type { Sealer } from '../core/sealing';
import { generateSecret } from './endpoint-secret';
import {
  type Endpoint,
  type SuccessRule,
  disableEndpoint,
  enableEndpoint,
  endpointsByIds,
  endpointsOfMerchant,
  insertEndpoint,
  rotateSecret,
} from './endpoints-store';
import { isPrivateLiteral } from './private-addresses';

export interface NewEndpoint {
  readonly merchantId: MerchantId;
  /** An http or https URL. */
  readonly url: string;
  readonly schedule: Schedule;
  readonly successRule: SuccessRule;
  /** `whsec_...`; made here where it is not given. */
  readonly secret?: string | undefined;
}

/** An endpoint with its secret in clear: shown once, to whoever made it. */
export interface EndpointAndSecret {
  readonly endpoint: Endpoint;
  readonly secret: string;
}

export interface Endpoints {
  /** @throws Problem `not_found` (the merchant), `invalid_request` (a private address) */
  create(endpoint: NewEndpoint): Promise<EndpointAndSecret>;
  list(merchantId: MerchantId, after: string | undefined, limit: number): Promise<readonly Endpoint[]>;
  /** What is still scheduled for it ends as `endpoint_disabled`. @throws Problem `not_found` */
  disable(merchantId: MerchantId, id: EndpointId): Promise<Endpoint>;
  /** From now on announcements go there again; what had ended stays ended. @throws Problem `not_found` */
  enable(merchantId: MerchantId, id: EndpointId): Promise<Endpoint>;
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

export function createEndpoints(tools: EndpointsTools): Endpoints {
  const { db, sealer, random } = tools;
  /** An endpoint of another merchant is none. */
  const change = (
    merchantId: MerchantId,
    id: EndpointId,
    write: (tx: Tx<'orders'>) => Promise<Endpoint | undefined>,
  ): Promise<Endpoint> =>
    inTransaction(db, async (tx) => {
      const [endpoint] = await endpointsByIds(tx, [id]);
      if (endpoint?.merchantId !== merchantId) throw noEndpoint();
      return existing(await write(tx));
    });
  return {
    create: (endpoint) => createEndpoint(tools, endpoint),
    list: (merchantId, after, limit) => endpointsOfMerchant(db, merchantId, after, limit),
    disable: (merchantId, id) => change(merchantId, id, (tx) => disableEndpoint(tx, id, 'disabled by the operator')),
    enable: (merchantId, id) => change(merchantId, id, (tx) => enableEndpoint(tx, id)),
    rotate: async (merchantId, id, given, overlapSeconds) => {
      const secret = given ?? generateSecret(random);
      const sealed = sealer.seal(secret, id);
      return { endpoint: await change(merchantId, id, (tx) => rotateSecret(tx, id, sealed, overlapSeconds)), secret };
    },
  };
}

async function createEndpoint(tools: EndpointsTools, wanted: NewEndpoint): Promise<EndpointAndSecret> {
  if (!tools.allowPrivate && isPrivateLiteral(new URL(wanted.url).hostname)) {
    const fields = [{ path: 'url', message: 'is a private address, which endpoints may not use' }];
    throw new Problem('invalid_request', 'the URL leads to a private address', { fields });
  }
  const id = tools.ids.next<'endpoint'>();
  const secret = wanted.secret ?? generateSecret(tools.random);
  try {
    const row = { ...wanted, id, sealedSecret: tools.sealer.seal(secret, id) };
    return { endpoint: existing(await inTransaction(tools.db, (tx) => insertEndpoint(tx, row))), secret };
  } catch (error) {
    if (violatedConstraint(error) === 'notification_endpoints_merchant_id_fkey') {
      throw new Problem('not_found', 'there is no such merchant');
    }
    throw error;
  }
}

function existing(endpoint: Endpoint | undefined): Endpoint {
  if (endpoint === undefined) throw noEndpoint();
  return endpoint;
}

function noEndpoint(): Problem {
  return new Problem('not_found', 'the merchant has no such endpoint');
}
