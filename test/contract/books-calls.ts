import type { Response } from 'supertest';
import { type Merchant, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

export const asOperator = (world: World, path: string): PromiseLike<Response> =>
  world.http.get(`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`);

export const asMerchant = (world: World, merchant: Merchant, path: string): PromiseLike<Response> =>
  world.http.get(`/v1${path}`).set('Authorization', `Bearer ${merchant.key}`);

/** A merchant that was paid once, with its fund account, when the books have it. */
export async function paidMerchant(world: World): Promise<{ merchant: Merchant; account: string }> {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.send(channel, world.paid(channel, await world.order(merchant)));
  await world.settled();
  const { data } = await world.v1(merchant, 'get', '/accounts');
  return { merchant, account: data[0].id };
}

/** A case that needs nothing but a path of the operator's API. */
export function operatorCase(operation: string, about: string, status: number, path: string): ContractCase {
  return { operation, about, status, call: async (world) => asOperator(world, path) };
}
