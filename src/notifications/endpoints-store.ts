import { type Schedule } from '../consistency/best-effort/schedule';
import { type Database, type Queryable, type Tx, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId } from '../core/ids';

export type SuccessRule = 'status_2xx' | 'body_success';

export interface Endpoint {
  readonly id: EndpointId;
  readonly merchantId: MerchantId;
  readonly url: string;
  readonly schedule: Schedule;
  readonly successRule: SuccessRule;
  readonly sealedSecret: string;
  /** Only while the secret before the present one is still good, by the database's clock. */
  readonly sealedPreviousSecret: string | null;
  readonly previousSecretUntil: Date | null;
  readonly status: 'active' | 'disabled';
  readonly disabledReason: string | null;
  readonly createdAt: Date;
}

const COLUMNS = `e.id, e.merchant_id as "merchantId", e.url, e.schedule, e.success_rule as "successRule",
  e.sealed_secret as "sealedSecret",
  case when e.previous_secret_until > clock_timestamp() then e.sealed_previous_secret end as "sealedPreviousSecret",
  case when e.previous_secret_until > clock_timestamp() then e.previous_secret_until end as "previousSecretUntil",
  e.status, e.disabled_reason as "disabledReason", e.created_at as "createdAt"`;

const BY_IDS = statement(
  'orders.notification_endpoints.by_ids',
  `select ${COLUMNS} from orders.notification_endpoints e where e.id = any($1::uuid[])`,
);

export function endpointsByIds(on: Queryable<'orders'>, ids: readonly EndpointId[]): Promise<Endpoint[]> {
  return on.query<Endpoint>(BY_IDS, [ids]);
}

const OF_MERCHANT = statement(
  'orders.notification_endpoints.of_merchant',
  `select ${COLUMNS} from orders.notification_endpoints e
    where e.merchant_id = $1 and ($2::uuid is null or e.id > $2) order by e.id limit $3`,
);

export function endpointsOfMerchant(
  db: Database<'orders'>,
  merchantId: MerchantId,
  after: string | undefined,
  limit: number,
): Promise<Endpoint[]> {
  return db.query<Endpoint>(OF_MERCHANT, [merchantId, after ?? null, limit]);
}

const INSERT = statement(
  'orders.notification_endpoints.insert',
  `insert into orders.notification_endpoints as e (id, merchant_id, url, schedule, success_rule, sealed_secret)
   values ($1, $2, $3, $4::jsonb, $5, $6) returning ${COLUMNS}`,
);

/** A violated `notification_endpoints_merchant_id_fkey` says that there is no such merchant. */
export async function insertEndpoint(
  tx: Tx<'orders'>,
  endpoint: Pick<Endpoint, 'id' | 'merchantId' | 'url' | 'schedule' | 'successRule' | 'sealedSecret'>,
): Promise<Endpoint | undefined> {
  const { id, merchantId, url, schedule, successRule, sealedSecret } = endpoint;
  const values = [id, merchantId, url, JSON.stringify(schedule), successRule, sealedSecret];
  return (await tx.query<Endpoint>(INSERT, values))[0];
}

const DISABLE = statement(
  'orders.notification_endpoints.disable',
  `update orders.notification_endpoints e set status = 'disabled', disabled_reason = coalesce(e.disabled_reason, $2)
    where e.id = $1 returning ${COLUMNS}`,
);
const STOP_SCHEDULED = statement(
  'orders.notifications.stop_scheduled',
  `update orders.notifications n
      set status = 'endpoint_disabled', lease_token = null, ended_at = clock_timestamp()
     from (select id from orders.notifications where endpoint_id = $1 and status = 'scheduled'
            order by id limit 5000 for update) s
    where n.id = s.id`,
);

/**
 * Disables an endpoint and ends what was still scheduled for it (of a very long list the first part; the rest ends when
 * it is claimed). An attempt in flight is recorded but changes nothing.
 */
export async function disableEndpoint(tx: Tx<'orders'>, id: EndpointId, reason: string): Promise<Endpoint | undefined> {
  const [endpoint] = await tx.query<Endpoint>(DISABLE, [id, reason]);
  if (endpoint !== undefined) await tx.query(STOP_SCHEDULED, [id]);
  return endpoint;
}

const ENABLE = statement(
  'orders.notification_endpoints.enable',
  `update orders.notification_endpoints e set status = 'active', disabled_reason = null
    where e.id = $1 returning ${COLUMNS}`,
);

export async function enableEndpoint(tx: Tx<'orders'>, id: EndpointId): Promise<Endpoint | undefined> {
  return (await tx.query<Endpoint>(ENABLE, [id]))[0];
}

const ROTATE = statement(
  'orders.notification_endpoints.rotate_secret',
  `update orders.notification_endpoints e
      set sealed_previous_secret = e.sealed_secret, sealed_secret = $2,
          previous_secret_until = clock_timestamp() + $3::int * interval '1 second'
    where e.id = $1 returning ${COLUMNS}`,
);

/** The secret so far stays good beside the new one for `overlapSeconds`. */
export async function rotateSecret(
  tx: Tx<'orders'>,
  id: EndpointId,
  sealedSecret: string,
  overlapSeconds: number,
): Promise<Endpoint | undefined> {
  return (await tx.query<Endpoint>(ROTATE, [id, sealedSecret, overlapSeconds]))[0];
}
