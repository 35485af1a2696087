import type { Response } from 'supertest';
import { type Merchant, OPERATOR_TOKEN, type World } from '../support/world';

type Method = 'get' | 'post' | 'put' | 'delete';

/** An id that nothing has. */
export const NOBODY = '00000000-0000-7000-8000-000000000000';

/** A call of the operator's half of the API, whatever comes of it. */
export async function asOperator(world: World, method: Method, path: string, body?: object): Promise<Response> {
  return world.http[method](`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`).send(body);
}

/** A call of the merchants' half. */
export async function asMerchant(
  world: World,
  { key }: Pick<Merchant, 'key'>,
  method: Method,
  path: string,
  body?: object,
): Promise<Response> {
  return world.http[method](`/v1${path}`).set('Authorization', `Bearer ${key}`).send(body);
}
