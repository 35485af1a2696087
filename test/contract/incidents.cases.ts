import { OPERATOR_TOKEN } from '../support/world';
import type { ContractCase } from './contract-case';

export const cases: readonly ContractCase[] = [
  {
    operation: 'listIncidents',
    about: 'a page',
    status: 200,
    call: async (world) => {
      const [merchant, channel] = [await world.merchant(), await world.channel()];
      const order = await world.order(merchant);
      await world.send(channel, world.paid(channel, order, { amount: '1.00' }));
      return world.http.get('/admin/incidents?limit=1').set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
    },
  },
  {
    operation: 'listIncidents',
    about: 'a cursor that is not ours',
    status: 400,
    call: async (world) =>
      world.http.get('/admin/incidents?cursor=nonsense').set('Authorization', `Bearer ${OPERATOR_TOKEN}`),
  },
];
