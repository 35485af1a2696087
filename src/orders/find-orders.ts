import type { Database } from '../consistency/transaction';
import type { MerchantId, OrderId } from '../core/ids';
import { type OrderFilter, type OrderRow, findOrders, findOrdersByNumber, listOrders } from './orders-store';

/** What merchants ask about their orders; of another merchant's order each says that there is none. */
export interface FindOrders {
  byId(merchantId: MerchantId, id: OrderId): Promise<OrderRow | undefined>;
  byNumber(merchantId: MerchantId, merchantOrderNo: string): Promise<OrderRow | undefined>;
  /** Newest first. */
  list(filter: OrderFilter): Promise<readonly OrderRow[]>;
}

export function createFindOrders(deps: { readonly db: Database<'orders'> }): FindOrders {
  const { db } = deps;
  return {
    byId: async (merchantId, id) => (await findOrders(db, [id])).find((order) => order.merchant_id === merchantId),
    byNumber: async (merchantId, merchantOrderNo) =>
      (await findOrdersByNumber(db, [{ merchantId, merchantOrderNo }])).at(0),
    list: (filter) => listOrders(db, filter),
  };
}
