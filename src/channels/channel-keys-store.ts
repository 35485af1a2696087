import { columnsOf } from '../consistency/columns';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ChannelId, Id } from '../core/ids';

export type ChannelKeyId = Id<'channelKey'>;

/** A key as operators may see it: without its secret, which only `ActiveKeyRow` has, and sealed. */
export interface ChannelKeyRow {
  readonly id: ChannelKeyId;
  readonly channel_id: ChannelId;
  readonly purpose: string;
  readonly serial: string | null;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

export interface ActiveKeyRow {
  readonly id: ChannelKeyId;
  readonly purpose: string;
  readonly serial: string | null;
  readonly sealed_secret: string;
}

export interface NewChannelKey {
  readonly id: ChannelKeyId;
  readonly purpose: string;
  readonly serial: string | undefined;
  readonly sealedSecret: string;
}

const COLUMNS = 'id, channel_id, purpose, serial, created_at, revoked_at';

const INSERT = statement(
  'orders.channel_keys.insert',
  `insert into orders.channel_keys (id, channel_id, purpose, serial, sealed_secret)
   select given.id, $1, given.purpose, given.serial, given.sealed_secret
     from unnest($2::uuid[], $3::text[], $4::text[], $5::text[]) as given(id, purpose, serial, sealed_secret)
   returning ${COLUMNS}`,
);
const keyColumns = columnsOf<NewChannelKey>(
  (key) => key.id,
  (key) => key.purpose,
  (key) => key.serial ?? null,
  (key) => key.sealedSecret,
);
const LIST = statement(
  'orders.channel_keys.list',
  `select ${COLUMNS} from orders.channel_keys where channel_id = any($1::uuid[]) order by id`,
);
const ACTIVE = statement(
  'orders.channel_keys.active',
  `select id, purpose, serial, sealed_secret from orders.channel_keys
    where channel_id = $1 and revoked_at is null order by id`,
);
const COUNT_ACTIVE = statement(
  'orders.channel_keys.count_active',
  `select count(*)::int as count from orders.channel_keys where channel_id = $1 and revoked_at is null`,
);
const REVOKE = statement(
  'orders.channel_keys.revoke',
  `update orders.channel_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
    where channel_id = $1 and id = $2 returning id`,
);

export function insertChannelKeys(
  tx: Tx<'orders'>,
  channelId: ChannelId,
  keys: readonly NewChannelKey[],
): Promise<ChannelKeyRow[]> {
  return tx.query<ChannelKeyRow>(INSERT, [channelId, ...keyColumns(keys)]);
}

/** The keys of these channels, oldest first, revoked ones too. */
export function listChannelKeys(db: Queryable<'orders'>, channelIds: readonly ChannelId[]): Promise<ChannelKeyRow[]> {
  return db.query<ChannelKeyRow>(LIST, [channelIds]);
}

export function activeChannelKeys(db: Queryable<'orders'>, channelId: ChannelId): Promise<ActiveKeyRow[]> {
  return db.query<ActiveKeyRow>(ACTIVE, [channelId]);
}

export async function countActiveKeys(tx: Tx<'orders'>, channelId: ChannelId): Promise<number> {
  return (await tx.query<{ count: number }>(COUNT_ACTIVE, [channelId]))[0]?.count ?? 0;
}

/** True where the channel has that key; one that was revoked before stays revoked since then. */
export async function revokeChannelKey(tx: Tx<'orders'>, channelId: ChannelId, id: ChannelKeyId): Promise<boolean> {
  return (await tx.query(REVOKE, [channelId, id])).length > 0;
}

/** What a key's secret is sealed for: it opens in its own row only. */
export function keyContext(channelId: ChannelId, keyId: ChannelKeyId): string {
  return `channel ${channelId} key ${keyId}`;
}
