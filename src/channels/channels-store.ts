import { violatedConstraint } from '../consistency/database-errors';
import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { ChannelId, MerchantId } from '../core/ids';
import type { ProviderName } from './channel';

export interface ChannelRow {
  readonly id: ChannelId;
  readonly name: string;
  readonly provider: ProviderName;
  readonly receiving_account: string;
  readonly live: boolean;
  readonly serves_all: boolean;
  readonly merchant_ids: readonly MerchantId[];
  readonly settings: Readonly<Record<string, unknown>>;
  readonly status: 'active' | 'disabled';
  readonly created_at: Date;
}

export interface NewChannel {
  readonly id: ChannelId;
  readonly name: string;
  readonly provider: ProviderName;
  readonly receivingAccount: string;
  readonly live: boolean;
  readonly merchants: 'all' | readonly MerchantId[];
  readonly settings: Readonly<Record<string, unknown>>;
}

const COLUMNS = `c.id, c.name, c.provider, c.receiving_account, c.live, c.serves_all, c.settings, c.status, c.created_at,
  array(select m.merchant_id from orders.channel_merchants m where m.channel_id = c.id order by m.merchant_id)
    as merchant_ids`;

const INSERT = statement(
  'orders.channels.insert',
  `insert into orders.channels (id, name, provider, receiving_account, live, serves_all, settings)
   values ($1, $2, $3, $4, $5, $6, $7)`,
);
const INSERT_MERCHANTS = statement(
  'orders.channel_merchants.insert',
  `insert into orders.channel_merchants (channel_id, merchant_id)
   select $1, merchant_id from unnest($2::uuid[]) as given(merchant_id) group by merchant_id`,
);
const FIND = statement('orders.channels.find', `select ${COLUMNS} from orders.channels c where c.id = $1`);
const FIND_ACTIVE = statement(
  'orders.channels.find_active',
  `select ${COLUMNS} from orders.channels c where c.name = $1 and c.status = 'active'`,
);
const ACTIVE_NAMES = statement(
  'orders.channels.active_names',
  `select name from orders.channels where status = 'active'`,
);
const LIST = statement(
  'orders.channels.list',
  `select ${COLUMNS} from orders.channels c where $1::uuid is null or c.id < $1 order by c.id desc limit $2`,
);
const SET_STATUS = statement('orders.channels.set_status', `update orders.channels set status = $2 where id = $1`);
const LOCK = statement('orders.channels.lock', `select provider from orders.channels where id = $1 for update`);

export async function insertChannel(tx: Tx<'orders'>, channel: NewChannel): Promise<void> {
  await tx.query(INSERT, [
    channel.id,
    channel.name,
    channel.provider,
    channel.receivingAccount,
    channel.live,
    channel.merchants === 'all',
    JSON.stringify(channel.settings),
  ]);
  if (channel.merchants !== 'all') await tx.query(INSERT_MERCHANTS, [channel.id, channel.merchants]);
}

/** What an insert of a channel ran into, undefined where the error is another. */
export function insertConflict(error: unknown): 'name_taken' | 'unknown_merchant' | undefined {
  switch (violatedConstraint(error)) {
    case 'channels_name_key':
      return 'name_taken';
    case 'channel_merchants_merchant_id_fkey':
      return 'unknown_merchant';
    default:
      return undefined;
  }
}

export async function findChannel(db: Queryable<'orders'>, id: ChannelId): Promise<ChannelRow | undefined> {
  return (await db.query<ChannelRow>(FIND, [id]))[0];
}

/** The channel that is called by this name; a disabled one is not there. */
export async function findActiveChannel(db: Queryable<'orders'>, name: string): Promise<ChannelRow | undefined> {
  return (await db.query<ChannelRow>(FIND_ACTIVE, [name]))[0];
}

export async function activeChannelNames(db: Queryable<'orders'>): Promise<readonly string[]> {
  return (await db.query<{ name: string }>(ACTIVE_NAMES)).map((row) => row.name);
}

/** Newest first, from the one after `after`. */
export function listChannels(db: Queryable<'orders'>, after: string | undefined, limit: number): Promise<ChannelRow[]> {
  return db.query<ChannelRow>(LIST, [after ?? null, limit]);
}

export async function setChannelStatus(tx: Tx<'orders'>, id: ChannelId, status: ChannelRow['status']): Promise<void> {
  await tx.query(SET_STATUS, [id, status]);
}

/** Its provider, undefined where there is no such channel; nobody else adds a key to it until the transaction ends. */
export async function lockChannel(tx: Tx<'orders'>, id: ChannelId): Promise<ProviderName | undefined> {
  return (await tx.query<{ provider: ProviderName }>(LOCK, [id]))[0]?.provider;
}
