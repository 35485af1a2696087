import { type Merchant, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const NONE = 'ord_019e9a3c-5d2f-7c41-8a6b-3f2d1c0b9a87';
const asMerchant = (world: World, { key }: Merchant) => ({
  get: (path: string) => world.http.get(`/v1/orders${path}`).set('Authorization', `Bearer ${key}`),
  post: (path: string, body: object = {}) =>
    world.http.post(`/v1/orders${path}`).set('Authorization', `Bearer ${key}`).send(body),
});
const asOperator = (world: World, path: string) =>
  world.http.get(`/admin/orders${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
const number = (): string => `no-${process.hrtime.bigint()}`;

export const cases: readonly ContractCase[] = [
  {
    operation: 'createOrder',
    about: 'with everything that an order can have',
    status: 201,
    call: async (world) => {
      const [merchant, channel] = [await world.merchant(), await world.channel()];
      const payee = await world.admin('post', `/merchants/${merchant.id}/accounts`, {
        reference: 'promoter',
        currency: 'USD',
      });
      return asMerchant(world, merchant).post('', {
        merchant_order_no: number(),
        amount: '100.00',
        currency: 'USD',
        channels: [channel.name],
        customer: 'anna',
        expires_at: new Date(Date.now() + 3_600_000).toISOString(),
        description: 'two tickets',
        metadata: { seat: '12' },
        splits: [{ account: payee.id, amount: '5.00' }],
      });
    },
  },
  {
    operation: 'createOrder',
    about: 'an amount that does not fit its currency',
    status: 422,
    call: async (world) =>
      asMerchant(world, await world.merchant()).post('', {
        merchant_order_no: number(),
        amount: '1.005',
        currency: 'USD',
      }),
  },
  {
    operation: 'createOrder',
    about: 'a number that is taken',
    status: 409,
    call: async (world) => {
      const merchant = await world.merchant();
      const { merchant_order_no } = await world.order(merchant);
      return asMerchant(world, merchant).post('', { merchant_order_no, amount: '1.00', currency: 'USD' });
    },
  },
  {
    operation: 'createOrder',
    about: 'a body with a field that nobody knows',
    status: 400,
    call: async (world) => asMerchant(world, await world.merchant()).post('', { surprise: true }),
  },
  {
    operation: 'listOrders',
    about: 'a page that is not the last',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      await world.order(merchant);
      await world.order(merchant);
      return asMerchant(world, merchant).get('?limit=1&status=open');
    },
  },
  {
    operation: 'listOrders',
    about: 'a cursor that is not ours',
    status: 400,
    call: async (world) => asMerchant(world, await world.merchant()).get('?cursor=nonsense'),
  },
  {
    operation: 'getOrderByNumber',
    about: 'an order',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      const { merchant_order_no } = await world.order(merchant);
      return asMerchant(world, merchant).get(`/by-number/${merchant_order_no}`);
    },
  },
  {
    operation: 'getOrderByNumber',
    about: 'none',
    status: 404,
    call: async (world) => asMerchant(world, await world.merchant()).get('/by-number/none'),
  },
  {
    operation: 'getOrder',
    about: 'a paid order',
    status: 200,
    call: async (world) => {
      const [merchant, channel] = [await world.merchant(), await world.channel()];
      const order = await world.order(merchant);
      await world.send(channel, world.paid(channel, order));
      return asMerchant(world, merchant).get(`/${order.id}`);
    },
  },
  {
    operation: 'getOrder',
    about: 'of another merchant',
    status: 404,
    call: async (world) => {
      const order = await world.order(await world.merchant());
      return asMerchant(world, await world.merchant()).get(`/${order.id}`);
    },
  },
  {
    operation: 'closeOrder',
    about: 'an open order',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      const order = await world.order(merchant);
      return asMerchant(world, merchant).post(`/${order.id}/close`);
    },
  },
  {
    operation: 'closeOrder',
    about: 'a closed order',
    status: 409,
    call: async (world) => {
      const merchant = await world.merchant();
      const order = await world.order(merchant);
      await world.v1(merchant, 'post', `/orders/${order.id}/close`);
      return asMerchant(world, merchant).post(`/${order.id}/close`);
    },
  },
  {
    operation: 'searchOrders',
    about: 'of one merchant',
    status: 200,
    call: async (world) => {
      const merchant = await world.merchant();
      await world.order(merchant);
      return asOperator(world, `?merchant=${merchant.id}&status=open`);
    },
  },
  {
    operation: 'searchOrders',
    about: 'a merchant that is none',
    status: 400,
    call: async (world) => asOperator(world, '?merchant=x'),
  },
  {
    operation: 'getOrderAsOperator',
    about: 'a paid order',
    status: 200,
    call: async (world) => {
      const [merchant, channel] = [await world.merchant(), await world.channel()];
      const order = await world.order(merchant);
      await world.send(channel, world.paid(channel, order));
      return asOperator(world, `/${order.id}`);
    },
  },
  { operation: 'getOrderAsOperator', about: 'none', status: 404, call: async (world) => asOperator(world, `/${NONE}`) },
];
