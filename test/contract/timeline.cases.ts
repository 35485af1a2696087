import { type Json, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const UUID = '019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
const admin = (world: World, path: string) =>
  world.http.get(`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`);

/** A payment that has been through everything: refused by a frozen account, then put into suspense, and told in vain. */
async function eventful(world: World) {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: 'http://127.0.0.1:65535/', schedule: [0] });
  await world.send(channel, world.paid(channel, await world.order(merchant)));
  await world.settled();
  const { data } = await world.admin('get', '/accounts?kind=merchant&limit=100');
  const own = data.find((account: Json) => account.owner === merchant.id);
  await world.admin('post', `/accounts/${own.id}/freeze`);
  const order = await world.order(merchant);
  await world.send(channel, world.paid(channel, order));
  await world.settled();
  const shown = await world.admin('get', `/orders/${order.id}`);
  return { merchant, order, receipt: String(shown.paid_by) };
}

export const cases: readonly ContractCase[] = [
  {
    operation: 'getOrderTimeline',
    about: 'of an eventful payment',
    status: 200,
    call: async (world) => admin(world, `/orders/${(await eventful(world)).order.id}/timeline`),
  },
  {
    operation: 'getOrderTimeline',
    about: 'of no order',
    status: 404,
    call: async (world) => admin(world, `/orders/ord_${UUID}/timeline`),
  },
  {
    operation: 'getReceiptTimeline',
    about: 'of an eventful payment',
    status: 200,
    call: async (world) => admin(world, `/receipts/${(await eventful(world)).receipt}/timeline`),
  },
  {
    operation: 'getReceiptTimeline',
    about: 'of no receipt',
    status: 404,
    call: async (world) => admin(world, `/receipts/rcp_${UUID}/timeline`),
  },
  {
    operation: 'getMerchantTimeline',
    about: 'of an eventful payment',
    status: 200,
    call: async (world) => {
      const { merchant, order } = await eventful(world);
      return world.http.get(`/v1/orders/${order.id}/timeline`).set('Authorization', `Bearer ${merchant.key}`);
    },
  },
  {
    operation: 'getMerchantTimeline',
    about: 'of another merchant’s order',
    status: 404,
    call: async (world) => {
      const [merchant, other] = [await world.merchant(), await world.merchant()];
      const order = await world.order(other);
      return world.http.get(`/v1/orders/${order.id}/timeline`).set('Authorization', `Bearer ${merchant.key}`);
    },
  },
  {
    operation: 'searchReceipts',
    about: 'a page',
    status: 200,
    call: async (world) => {
      const { order } = await eventful(world);
      return admin(world, `/receipts?order=${order.id}`);
    },
  },
  {
    operation: 'searchReceipts',
    about: 'a status that there is not',
    status: 400,
    call: async (world) => admin(world, '/receipts?status=lost'),
  },
  {
    operation: 'getReceipt',
    about: 'a settled receipt',
    status: 200,
    call: async (world) => admin(world, `/receipts/${(await eventful(world)).receipt}`),
  },
  { operation: 'getReceipt', about: 'none', status: 404, call: async (world) => admin(world, `/receipts/rcp_${UUID}`) },
  {
    operation: 'searchTransactions',
    about: 'a page that is not the last',
    status: 200,
    call: async (world) => admin(world, `/transactions?limit=1&receipt=${(await eventful(world)).receipt}`),
  },
  {
    operation: 'searchTransactions',
    about: 'a cursor that is not ours',
    status: 400,
    call: async (world) => admin(world, '/transactions?cursor=nonsense'),
  },
  {
    operation: 'getTransaction',
    about: 'a cancelled attempt',
    status: 200,
    call: async (world) => {
      const { receipt } = await eventful(world);
      const { data } = await world.admin('get', `/transactions?receipt=${receipt}&status=cancelled`);
      return admin(world, `/transactions/${data[0].id}`);
    },
  },
  {
    operation: 'getTransaction',
    about: 'none',
    status: 404,
    call: async (world) => admin(world, `/transactions/gtx_${UUID}`),
  },
];
