import { type Database, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { Ids, MerchantId } from '../core/ids';
import {
  type MerchantRow,
  findMerchant,
  insertMerchant,
  listMerchants,
  nameIsTaken,
  setMerchantStatus,
} from './merchants-store';

export interface Merchants {
  /** @throws Problem `name_taken` */
  create(name: string): Promise<MerchantRow>;
  /** @throws Problem `not_found` */
  get(id: MerchantId): Promise<MerchantRow>;
  /** Newest first, from the one after `after`. */
  list(after: string | undefined, limit: number): Promise<readonly MerchantRow[]>;
  /**
   * A suspended merchant's keys are refused; its payments go on settling, because the money is there whatever we think of
   * the merchant.
   * @throws Problem `not_found`
   */
  setStatus(id: MerchantId, status: MerchantRow['status']): Promise<MerchantRow>;
}

export function createMerchants(deps: { readonly db: Database<'orders'>; readonly ids: Ids }): Merchants {
  const { db, ids } = deps;
  return {
    create: async (name) => {
      try {
        return await inTransaction(db, 'merchants.create', (tx) =>
          insertMerchant(tx, { id: ids.next<'merchant'>(), name }),
        );
      } catch (error) {
        if (nameIsTaken(error)) throw new Problem('name_taken', `there is a merchant named "${name}"`);
        throw error;
      }
    },
    get: async (id) => found(await findMerchant(db, id)),
    list: (after, limit) => listMerchants(db, after, limit),
    setStatus: async (id, status) =>
      found(await inTransaction(db, 'merchants.set_status', (tx) => setMerchantStatus(tx, id, status))),
  };
}

function found(merchant: MerchantRow | undefined): MerchantRow {
  if (merchant === undefined) throw new Problem('not_found', 'there is no such merchant');
  return merchant;
}
