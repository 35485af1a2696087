import type { ChannelId } from '../core/ids';
import { indexBy } from '../core/index-by';
import type { Tx } from '../consistency/transaction';
import { type MetOrder, type ReferenceKey, claimedOrdersStore } from './claimed-orders-store';

/** By what a receipt finds its order. */
export interface OrderKey {
  readonly channelId: ChannelId;
  readonly paymentReference: string | null;
}

/** What receipts meet: their orders, locked, and the names of their channels. */
export interface Met {
  readonly asked: ReadonlySet<string>;
  readonly orders: ReadonlyMap<string, MetOrder>;
  readonly channels: ReadonlyMap<ChannelId, string>;
}

/** Locks the orders. It may be asked right behind the statement that locks the receipts, before that has answered. */
export async function meetOrders(tx: Tx<'orders'>, keys: readonly OrderKey[]): Promise<Met> {
  const asked = new Set(keys.map(orderKey));
  const channelIds = [...new Set(keys.map(channelOf))];
  const [orders, channels] = await Promise.all([
    lockOrders(tx, keys),
    channelIds.length === 0 ? new Map() : claimedOrdersStore.channelNames(tx, channelIds),
  ]);
  return { asked, orders, channels };
}

/** Whether the orders of all these keys were looked for. */
export function haveAsked(met: Met, keys: readonly OrderKey[]): boolean {
  for (const key of keys) if (!met.asked.has(orderKey(key))) return false;
  return true;
}

/** The key under which `Met.orders` has an order. */
export function orderKey({ channelId, paymentReference }: OrderKey): string {
  return `${channelId} ${paymentReference ?? ''}`;
}

async function lockOrders(tx: Tx<'orders'>, keys: readonly OrderKey[]): Promise<ReadonlyMap<string, MetOrder>> {
  const named = keys.flatMap(namedKey);
  if (named.length === 0) return new Map();
  return indexBy(await claimedOrdersStore.lockByReference(tx, named), metKey);
}

function namedKey({ channelId, paymentReference }: OrderKey): ReferenceKey[] {
  return paymentReference === null ? [] : [{ channelId, paymentReference }];
}

function metKey(order: MetOrder): string {
  return `${order.channel_id} ${order.payment_reference}`;
}

function channelOf(key: OrderKey): ChannelId {
  return key.channelId;
}
