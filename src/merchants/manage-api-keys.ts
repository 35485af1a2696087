import { createHash } from 'node:crypto';
import { type Database, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import { gather } from '../core/gather';
import type { Ids, MerchantId } from '../core/ids';
import type { RandomBytes } from '../core/random';
import {
  type ApiKeyId,
  type ApiKeyRow,
  findKeysByHash,
  insertApiKey,
  listApiKeys,
  revokeApiKey,
} from './api-keys-store';
import { findMerchant } from './merchants-store';

export interface ApiKeys {
  /**
   * Makes a key. Its text is in this answer and nowhere else: what is stored is its SHA-256, which is enough for a key of
   * 32 random bytes (a slow hash protects words that people choose).
   * @throws Problem `not_found` where there is no such merchant
   */
  create(merchantId: MerchantId, name: string): Promise<{ readonly row: ApiKeyRow; readonly key: string }>;
  /** Newest first, revoked ones too. @throws Problem `not_found` */
  list(merchantId: MerchantId, after: string | undefined, limit: number): Promise<readonly ApiKeyRow[]>;
  /** @throws Problem `not_found` where the merchant has no such key */
  revoke(merchantId: MerchantId, id: ApiKeyId): Promise<void>;
  /** Whose key has this hash; undefined where there is none or it is revoked. For authentication. */
  find(hash: string): Promise<{ readonly merchantId: MerchantId; readonly merchantActive: boolean } | undefined>;
}

export function createApiKeys(deps: {
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly random: RandomBytes;
}): ApiKeys {
  const { db, ids, random } = deps;
  const mustExist = async (merchantId: MerchantId): Promise<void> => {
    if ((await findMerchant(db, merchantId)) === undefined) throw new Problem('not_found', 'there is no such merchant');
  };
  // One connection at a time looks keys up, however many requests come with keys that nobody has.
  const find = gather(
    async (hashes: readonly string[]) => {
      const rows = new Map((await findKeysByHash(db, hashes)).map((row) => [row.key_hash, row]));
      return hashes.map((hash) => rows.get(hash));
    },
    { step: 'api_keys.find', cap: 500, room: 10_000 },
  );
  return {
    create: async (merchantId, name) => {
      await mustExist(merchantId);
      const shownPrefix = `qk_${random(4).toString('hex')}`;
      const key = `${shownPrefix}_${random(32).toString('base64url')}`;
      const hash = createHash('sha256').update(key).digest('hex');
      const id = ids.next<'apiKey'>();
      const row = await inTransaction(db, 'api_keys.create', (tx) =>
        insertApiKey(tx, { id, merchantId, name, shownPrefix, hash }),
      );
      return { row, key };
    },
    list: async (merchantId, after, limit) => {
      await mustExist(merchantId);
      return listApiKeys(db, merchantId, after, limit);
    },
    revoke: async (merchantId, id) => {
      const revoked = await inTransaction(db, 'api_keys.revoke', (tx) => revokeApiKey(tx, merchantId, id));
      if (!revoked) throw new Problem('not_found', 'the merchant has no such key');
    },
    find: async (hash) => {
      const row = await find(hash);
      return row && { merchantId: row.merchant_id, merchantActive: row.merchant_status === 'active' };
    },
  };
}
