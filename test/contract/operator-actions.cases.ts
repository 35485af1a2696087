import type { Response } from 'supertest';
import { OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const get = (world: World, path: string): Promise<Response> =>
  Promise.resolve(world.http.get(`/admin/operator-actions${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`));

export const cases: readonly ContractCase[] = [
  {
    operation: 'listOperatorActions',
    about: 'a page',
    status: 200,
    call: async (world) => {
      await world.merchant();
      return get(world, '?operator=operator&limit=2');
    },
  },
  {
    operation: 'listOperatorActions',
    about: 'a cursor that is not ours',
    status: 400,
    call: (world) => get(world, '?cursor=nonsense'),
  },
  {
    operation: 'getOperatorAction',
    about: 'one with its outcome',
    status: 200,
    call: async (world) => {
      const { id } = await world.merchant();
      const { data } = await world.admin('get', `/operator-actions?subject=${id}`);
      return get(world, `/${data[0].id}`);
    },
  },
  {
    operation: 'getOperatorAction',
    about: 'one that is not there',
    status: 404,
    call: (world) => get(world, '/opa_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87'),
  },
];
