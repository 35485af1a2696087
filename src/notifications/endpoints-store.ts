import { type Schedule } from '../consistency/best-effort/schedule';
import { columnsOf } from '../consistency/columns';
import { type Database, type Queryable, type Tx, statement } from '../consistency/transaction';
import type { EndpointId, MerchantId } from '../core/ids';
import type { NotificationType } from './notify';

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
  readonly disabledAt: Date | null;
  /** null wants them all. */
  readonly eventTypes: readonly NotificationType[] | null;
  /** Since when every attempt has failed, and how many have; null and 0 where the last one worked. */
  readonly failingSince: Date | null;
  readonly failedAttempts: number;
  /** Of the last attempt that failed, however long ago. */
  readonly lastError: string | null;
  readonly lastFailureAt: Date | null;
  readonly createdAt: Date;
}

const COLUMNS = `e.id, e.merchant_id as "merchantId", e.url, e.schedule, e.success_rule as "successRule",
  e.sealed_secret as "sealedSecret",
  case when e.previous_secret_until > clock_timestamp() then e.sealed_previous_secret end as "sealedPreviousSecret",
  case when e.previous_secret_until > clock_timestamp() then e.previous_secret_until end as "previousSecretUntil",
  e.status, e.disabled_reason as "disabledReason", e.disabled_at as "disabledAt", e.event_types as "eventTypes",
  e.failing_since as "failingSince", e.failed_attempts as "failedAttempts", e.last_error as "lastError",
  e.last_failure_at as "lastFailureAt", e.created_at as "createdAt"`;

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

const ACTIVE = statement(
  'orders.notification_endpoints.active',
  `select ${COLUMNS} from orders.notification_endpoints e
    where e.merchant_id = any($1::uuid[]) and e.status = 'active' order by e.id`,
);

export function activeEndpoints(tx: Tx<'orders'>, merchants: readonly MerchantId[]): Promise<Endpoint[]> {
  return tx.query<Endpoint>(ACTIVE, [merchants]);
}

const OF_NOTIFICATIONS = statement(
  'orders.notification_endpoints.of_notifications',
  `select ${COLUMNS} from orders.notification_endpoints e
    where e.id in (select n.endpoint_id from orders.notifications n where n.id = any($1::uuid[]))`,
);

/** The endpoints that these notifications are for. */
export function endpointsOfNotifications(
  db: Queryable<'orders'>,
  notifications: readonly string[],
): Promise<Endpoint[]> {
  return db.query<Endpoint>(OF_NOTIFICATIONS, [notifications]);
}

const INSERT = statement(
  'orders.notification_endpoints.insert',
  `insert into orders.notification_endpoints as e
     (id, merchant_id, url, schedule, success_rule, sealed_secret, event_types)
   select $1, $2, $3, $4::jsonb, $5, $6, $7::text[]
    where (select count(*) from orders.notification_endpoints where merchant_id = $2) < $8
   returning ${COLUMNS}`,
);

/**
 * A violated `notification_endpoints_merchant_id_fkey` says that there is no such merchant.
 * @returns undefined where the merchant has `most` already
 */
export async function insertEndpoint(
  tx: Tx<'orders'>,
  endpoint: Pick<Endpoint, 'id' | 'merchantId' | 'url' | 'schedule' | 'successRule' | 'sealedSecret' | 'eventTypes'>,
  most: number,
): Promise<Endpoint | undefined> {
  const { id, merchantId, url, schedule, successRule, sealedSecret, eventTypes } = endpoint;
  const values = [id, merchantId, url, JSON.stringify(schedule), successRule, sealedSecret, eventTypes, most];
  return (await tx.query<Endpoint>(INSERT, values))[0];
}

/** What is undefined stays as it is. */
export interface EndpointChanges {
  readonly url: string | undefined;
  readonly schedule: Schedule | undefined;
  readonly successRule: SuccessRule | undefined;
  readonly eventTypes: readonly NotificationType[] | null | undefined;
}

/** Another URL is another server: what the one before did is not held against it. */
const UPDATE = statement(
  'orders.notification_endpoints.update',
  `update orders.notification_endpoints e
      set url = coalesce($2, e.url), schedule = coalesce($3::jsonb, e.schedule),
          success_rule = coalesce($4, e.success_rule),
          event_types = case when $5 then $6::text[] else e.event_types end,
          failing_since = case when $2 is null or $2 = e.url then e.failing_since end,
          failed_attempts = case when $2 is null or $2 = e.url then e.failed_attempts else 0 end
    where e.id = $1 returning ${COLUMNS}`,
);

/** What is scheduled goes to the new URL; its schedule stays the one with which it began. */
export async function updateEndpoint(
  tx: Tx<'orders'>,
  id: EndpointId,
  changes: EndpointChanges,
): Promise<Endpoint | undefined> {
  const { url, schedule, successRule, eventTypes } = changes;
  const values = [
    id,
    url ?? null,
    schedule === undefined ? null : JSON.stringify(schedule),
    successRule ?? null,
    eventTypes !== undefined,
    eventTypes ?? null,
  ];
  return (await tx.query<Endpoint>(UPDATE, values))[0];
}

interface DisabledEndpoint {
  readonly id: EndpointId;
  readonly reason: string;
}

const DISABLE = statement(
  'orders.notification_endpoints.disable',
  `update orders.notification_endpoints e set status = 'disabled', disabled_reason = coalesce(e.disabled_reason, d.reason),
          disabled_at = coalesce(e.disabled_at, clock_timestamp())
     from unnest($1::uuid[], $2::text[]) as d(id, reason)
    where e.id = d.id returning ${COLUMNS}`,
);
const disabledColumns = columnsOf<DisabledEndpoint>(
  (one) => one.id,
  (one) => one.reason,
);
const STOP_SCHEDULED = statement(
  'orders.notifications.stop_scheduled',
  `update orders.notifications n
      set status = 'endpoint_disabled', lease_token = null, put_off = false, ended_at = clock_timestamp()
     from (select id from orders.notifications where endpoint_id = any($1::uuid[]) and status = 'scheduled'
            limit 5000 for update skip locked) s
    where n.id = s.id`,
);

/**
 * Disables endpoints and ends what was still scheduled for them (of a very long list a first part; the rest, and what
 * somebody else writes just now, ends when it is claimed). An attempt in flight is recorded but changes nothing.
 */
export async function disableEndpoints(
  tx: Tx<'orders'>,
  wanted: readonly DisabledEndpoint[],
): Promise<readonly Endpoint[]> {
  if (wanted.length === 0) return [];
  const [ids, reasons] = disabledColumns(wanted);
  const endpoints = await tx.query<Endpoint>(DISABLE, [ids, reasons]);
  await tx.query(STOP_SCHEDULED, [ids]);
  return endpoints;
}

const ENABLE = statement(
  'orders.notification_endpoints.enable',
  `update orders.notification_endpoints e set status = 'active', disabled_reason = null, disabled_at = null, failing_since = null, failed_attempts = 0
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
