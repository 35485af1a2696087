import type { ApiClient } from './client';

export const merchantOption = ['--merchant <merchant>', 'of this merchant (mer_...)'] as const;

/** The id of an order that is named by it, or by its merchant's number. */
export async function orderIdOf(operator: ApiClient, order: string, merchant: string | undefined): Promise<string> {
  if (order.startsWith('ord_')) return order;
  const [found, another] = await operator.list('/admin/orders', { merchant, merchant_order_no: order }, 2);
  if (found === undefined) throw new Error(`no order has the number "${order}"`);
  if (another !== undefined) {
    throw new Error(`several merchants have an order "${order}"; say which with --merchant mer_...`);
  }
  return String(found['id']);
}
