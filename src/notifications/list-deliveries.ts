import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { MerchantId, NotificationId, OrderId } from '../core/ids';
import {
  type Delivery,
  type DeliveryAttempt,
  type DeliveryFilter,
  attemptsOf,
  deliveriesOfOrder,
  deliveryById,
  listDeliveries,
  orderExists,
} from './delivery-store';
import { endpointsByIds } from './endpoints-store';

export interface DeliveryAndAttempts extends Delivery {
  readonly attempts: readonly DeliveryAttempt[];
}

export interface Deliveries {
  /**
   * The notifications of an order with every attempt that was made, oldest first.
   * @throws Problem `not_found` where the merchant has no such order
   */
  ofOrder(
    merchantId: MerchantId,
    orderId: OrderId,
    after: string | undefined,
    limit: number,
  ): Promise<readonly DeliveryAndAttempts[]>;
  /** Newest first. */
  list(filter: DeliveryFilter): Promise<readonly DeliveryAndAttempts[]>;
  /** @param merchantId only where it is this merchant's. @throws Problem `not_found` */
  get(id: NotificationId, merchantId: MerchantId | undefined): Promise<DeliveryAndAttempts>;
}

export function createDeliveries({ db }: { readonly db: Database<'orders'> }): Deliveries {
  const withAttempts = async (deliveries: readonly Delivery[]): Promise<readonly DeliveryAndAttempts[]> => {
    const attempts = await attemptsOf(
      db,
      deliveries.map((delivery) => delivery.id),
    );
    return deliveries.map((delivery) => ({
      ...delivery,
      attempts: attempts.filter((attempt) => attempt.notificationId === delivery.id),
    }));
  };
  return {
    ofOrder: async (merchantId, orderId, after, limit) => {
      if (!(await orderExists(db, orderId, merchantId))) throw new Problem('not_found', 'there is no such order');
      return withAttempts(await deliveriesOfOrder(db, orderId, after, limit));
    },
    list: async (filter) => {
      // An endpoint has one merchant, by whom its notifications are found faster.
      const [endpoint] = filter.endpointId === undefined ? [] : await endpointsByIds(db, [filter.endpointId]);
      const merchantId = filter.merchantId ?? endpoint?.merchantId;
      return withAttempts(await listDeliveries(db, { ...filter, merchantId }));
    },
    get: async (id, merchantId) => {
      const delivery = await deliveryById(db, id, merchantId);
      const [found] = await withAttempts(delivery === undefined ? [] : [delivery]);
      if (found === undefined) throw new Problem('not_found', 'there is no such notification');
      return found;
    },
  };
}
