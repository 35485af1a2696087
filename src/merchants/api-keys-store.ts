import { type Queryable, type Tx, statement } from '../consistency/transaction';
import type { Id, MerchantId } from '../core/ids';

export type ApiKeyId = Id<'apiKey'>;

export interface ApiKeyRow {
  readonly id: ApiKeyId;
  readonly merchant_id: MerchantId;
  readonly name: string;
  readonly shown_prefix: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

export interface NewApiKey {
  readonly id: ApiKeyId;
  readonly merchantId: MerchantId;
  readonly name: string;
  readonly shownPrefix: string;
  readonly hash: string;
}

export interface KnownKeyRow {
  readonly key_hash: string;
  readonly merchant_id: MerchantId;
  readonly merchant_status: 'active' | 'suspended';
}

const COLUMNS = 'id, merchant_id, name, shown_prefix, created_at, revoked_at';

const INSERT = statement(
  'orders.api_keys.insert',
  `insert into orders.api_keys (id, merchant_id, name, shown_prefix, key_hash)
   values ($1, $2, $3, $4, $5) returning ${COLUMNS}`,
);
const LIST = statement(
  'orders.api_keys.list',
  `select ${COLUMNS} from orders.api_keys
    where merchant_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3`,
);
const REVOKE = statement(
  'orders.api_keys.revoke',
  `update orders.api_keys set revoked_at = coalesce(revoked_at, clock_timestamp())
    where merchant_id = $1 and id = $2 returning id`,
);
const FIND_BY_HASH = statement(
  'orders.api_keys.find_by_hash',
  `select k.key_hash, k.merchant_id, m.status as merchant_status
     from orders.api_keys k join orders.merchants m on m.id = k.merchant_id
    where k.key_hash = any($1::text[]) and k.revoked_at is null`,
);

export async function insertApiKey(tx: Tx<'orders'>, key: NewApiKey): Promise<ApiKeyRow> {
  const [row] = await tx.query<ApiKeyRow>(INSERT, [key.id, key.merchantId, key.name, key.shownPrefix, key.hash]);
  if (row === undefined) throw new Error('the API key was inserted and not returned');
  return row;
}

/** Newest first, revoked ones too. */
export function listApiKeys(
  db: Queryable<'orders'>,
  merchantId: MerchantId,
  after: string | undefined,
  limit: number,
): Promise<ApiKeyRow[]> {
  return db.query<ApiKeyRow>(LIST, [merchantId, after ?? null, limit]);
}

/** True where the merchant has that key; a key that was revoked before stays revoked since then. */
export async function revokeApiKey(tx: Tx<'orders'>, merchantId: MerchantId, id: ApiKeyId): Promise<boolean> {
  return (await tx.query(REVOKE, [merchantId, id])).length > 0;
}

/** The keys among these hashes that exist and are not revoked. */
export function findKeysByHash(db: Queryable<'orders'>, hashes: readonly string[]): Promise<KnownKeyRow[]> {
  return db.query<KnownKeyRow>(FIND_BY_HASH, [hashes]);
}
