import type { ContractCase } from './contract-case';

export const cases: readonly ContractCase[] = [
  {
    operation: 'listEvents',
    about: 'a page with events',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      for (let count = 0; count < 2; count += 1) {
        await world.v1(merchant, 'post', `/orders/${(await world.order(merchant)).id}/close`);
      }
      return world.http.get('/v1/events?limit=1').set('Authorization', `Bearer ${merchant.key}`);
    },
  },
  {
    operation: 'listEvents',
    about: 'an empty page',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      return world.http.get('/v1/events?type=order.paid').set('Authorization', `Bearer ${merchant.key}`);
    },
  },
  {
    operation: 'listEvents',
    about: 'a cursor that is not ours',
    status: 400,
    call: async (world) => {
      const merchant = await world.merchant();
      return world.http.get('/v1/events?cursor=nonsense').set('Authorization', `Bearer ${merchant.key}`);
    },
  },
];
