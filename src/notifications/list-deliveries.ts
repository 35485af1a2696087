import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { MerchantId, OrderId } from '../core/ids';
import { type Delivery, type DeliveryAttempt, attemptsOf, deliveriesOfOrder, orderExists } from './delivery-store';

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
}

export function createDeliveries({ db }: { readonly db: Database<'orders'> }): Deliveries {
  return {
    ofOrder: async (merchantId, orderId, after, limit) => {
      if (!(await orderExists(db, orderId, merchantId))) throw new Problem('not_found', 'there is no such order');
      const deliveries = await deliveriesOfOrder(db, orderId, after, limit);
      const ids = deliveries.map((delivery) => delivery.id);
      const attempts = await attemptsOf(db, ids);
      return deliveries.map((delivery) => ({
        ...delivery,
        attempts: attempts.filter((attempt) => attempt.notificationId === delivery.id),
      }));
    },
  };
}
