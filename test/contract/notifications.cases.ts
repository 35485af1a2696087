import type { Response } from 'supertest';
import { startMerchantServer } from '../support/merchant-server';
import { type Json, type Merchant, OPERATOR_TOKEN, type World } from '../support/world';
import type { ContractCase } from './contract-case';

const NOBODY = '00000000-0000-7000-8000-000000000000';

const asMerchant = (world: World, merchant: Merchant, method: 'get' | 'post', path: string, body?: object) =>
  world.http[method](`/v1${path}`).set('Authorization', `Bearer ${merchant.key}`).send(body);
const asOperator = (world: World, method: 'get' | 'post', path: string, body?: object) =>
  world.http[method](`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`).send(body);

/** A merchant with an endpoint at which nobody listens. */
async function withEndpoint(world: World): Promise<{ merchant: Merchant; endpoint: Json }> {
  const merchant = await world.merchant();
  const endpoint = await world.v1(merchant, 'post', '/endpoints', { url: 'http://127.0.0.1:2/', schedule: [0, 3600] });
  return { merchant, endpoint };
}

/** A notification of a closed order, and whose it is. */
async function withNotification(world: World, endpoint = true): Promise<{ merchant: Merchant; notification: Json }> {
  const merchant = endpoint ? (await withEndpoint(world)).merchant : await world.merchant();
  const order = await world.order(merchant);
  await world.v1(merchant, 'post', `/orders/${order.id}/close`);
  const { data } = await world.v1(merchant, 'get', `/orders/${order.id}/notifications`);
  return { merchant, notification: data[0] };
}

/** A call about one endpoint, made by its merchant and by the operator; their operations differ in name and path. */
function both(
  [own, operators]: readonly [own: string, operators: string],
  about: string,
  status: number,
  call: (
    send: (method: 'get' | 'post', path: string, body?: object) => Promise<Response>,
    endpoint: Json,
    world: World,
  ) => Promise<Response>,
): ContractCase[] {
  return [
    {
      operation: own,
      about,
      status,
      call: async (world) => {
        const { merchant, endpoint } = await withEndpoint(world);
        return call(
          async (method, path, body) => asMerchant(world, merchant, method, `/endpoints${path}`, body),
          endpoint,
          world,
        );
      },
    },
    {
      operation: operators,
      about,
      status,
      call: async (world) => {
        const { merchant, endpoint } = await withEndpoint(world);
        const mount = `/merchants/${merchant.id}/endpoints`;
        return call(async (method, path, body) => asOperator(world, method, `${mount}${path}`, body), endpoint, world);
      },
    },
  ];
}

const ids = (verb: string, what = ''): readonly [string, string] => [
  `${verb}Endpoint${what}`,
  `${verb}MerchantEndpoint${what}`,
];
const URL = 'https://shop.example/hook';
const SINCE = '2020-01-01T00:00:00Z';

const endpointCases: readonly ContractCase[] = [
  ...both(ids('create'), 'with a schedule of its own', 201, (send) =>
    send('post', '/', { url: URL, schedule: [0, 60] }),
  ),
  ...both(ids('create'), 'at no URL', 400, (send) => send('post', '/', { url: 'nowhere' })),
  ...both(ids('list', 's'), 'a page', 200, (send) => send('get', '?limit=1')),
  ...both(ids('list', 's'), 'a cursor that is not ours', 400, (send) => send('get', '?cursor=nonsense')),
  ...both(ids('get'), 'one', 200, (send, endpoint) => send('get', `/${endpoint.id}`)),
  ...both(ids('get'), 'none', 404, (send) => send('get', `/end_${NOBODY}`)),
  ...both(ids('update'), 'its events', 200, (send, endpoint) =>
    send('post', `/${endpoint.id}`, { event_types: ['order.paid'], schedule: 'alipay' }),
  ),
  ...both(ids('update'), 'with an unknown field', 400, (send, endpoint) => send('post', `/${endpoint.id}`, { a: 1 })),
  ...both(ids('disable'), 'one', 200, (send, endpoint) => send('post', `/${endpoint.id}/disable`)),
  ...both(ids('disable'), 'none', 404, (send) => send('post', `/end_${NOBODY}/disable`)),
  ...both(ids('enable'), 'one that was disabled', 200, async (send, endpoint) => {
    await send('post', `/${endpoint.id}/disable`);
    return send('post', `/${endpoint.id}/enable`);
  }),
  ...both(ids('enable'), 'none', 404, (send) => send('post', `/end_${NOBODY}/enable`)),
  ...both(ids('rotate', 'Secret'), 'with an overlap', 200, (send, endpoint) =>
    send('post', `/${endpoint.id}/rotate-secret`, { overlap_seconds: 60 }),
  ),
  ...both(ids('rotate', 'Secret'), 'with a secret that is none', 400, (send, endpoint) =>
    send('post', `/${endpoint.id}/rotate-secret`, { secret: 'whsec_short' }),
  ),
  ...both(ids('ping'), 'to nobody who listens', 200, (send, endpoint) => send('post', `/${endpoint.id}/ping`)),
  ...both(ids('ping'), 'to one who listens', 200, async (send, endpoint) => {
    const shop = await startMerchantServer();
    await send('post', `/${endpoint.id}`, { url: shop.url });
    const answer = await send('post', `/${endpoint.id}/ping`);
    await shop.close();
    return answer;
  }),
  ...both(ids('ping'), 'none', 404, (send) => send('post', `/end_${NOBODY}/ping`)),
  ...both(ids('resendFailedOf'), 'of nothing', 200, (send, endpoint) =>
    send('post', `/${endpoint.id}/resend`, { failed_since: SINCE }),
  ),
  ...both(ids('resendFailedOf'), 'to a disabled one', 409, async (send, endpoint) => {
    await send('post', `/${endpoint.id}/disable`);
    return send('post', `/${endpoint.id}/resend`, { failed_since: SINCE });
  }),
];

const notificationCases: readonly ContractCase[] = [
  {
    operation: 'listNotificationsOfOrder',
    about: 'with its attempts',
    status: 200,
    call: async (world) => {
      const { merchant, notification } = await withNotification(world);
      return asMerchant(world, merchant, 'get', `/orders/${notification.order}/notifications`);
    },
  },
  {
    operation: 'listNotificationsOfOrder',
    about: 'of no order',
    status: 404,
    call: async (world) => asMerchant(world, await world.merchant(), 'get', `/orders/ord_${NOBODY}/notifications`),
  },
  ...(
    [
      ['listNotifications', 'a page', 200, '?limit=1'],
      ['listNotifications', 'those that have failed', 200, `?failed_since=${SINCE}`],
      ['listNotifications', 'a status that there is not', 400, '?status=lost'],
    ] as const
  ).map(([operation, about, status, query]): ContractCase => ({
    operation,
    about,
    status,
    call: async (world) => {
      const { merchant } = await withNotification(world);
      return asMerchant(world, merchant, 'get', `/notifications${query}`);
    },
  })),
  ...(
    [
      ['a page', 200, '?limit=2'],
      ['what is scheduled', 200, '?status=scheduled'],
      ['a cursor that is not ours', 400, '?cursor=nonsense'],
    ] as const
  ).map(([about, status, query]): ContractCase => ({
    operation: 'listAllNotifications',
    about,
    status,
    call: async (world) => {
      await withNotification(world);
      return asOperator(world, 'get', `/notifications${query}`);
    },
  })),
  ...(['', '/resend'] as const).flatMap((verb): ContractCase[] => {
    const method = verb === '' ? 'get' : 'post';
    const [own, any] =
      verb === '' ? ['getNotification', 'getAnyNotification'] : ['resendNotification', 'resendAnyNotification'];
    const missing = `/notifications/ntf_${NOBODY}${verb}`;
    const existing = async (world: World): Promise<{ merchant: Merchant; notification: Json }> => {
      const found = await withNotification(world);
      // One that is being sent just now cannot be resent.
      for (let { attempts } = found.notification; attempts[0]?.status !== 'failed';) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        ({ attempts } = await world.v1(found.merchant, 'get', `/notifications/${found.notification.id}`));
      }
      return found;
    };
    return [
      {
        operation: own,
        about: 'one',
        status: 200,
        call: async (world) => {
          const { merchant, notification } = await existing(world);
          return asMerchant(world, merchant, method, `/notifications/${notification.id}${verb}`);
        },
      },
      {
        operation: any,
        about: 'one',
        status: 200,
        call: async (world) => {
          const { notification } = await existing(world);
          return asOperator(world, method, `/notifications/${notification.id}${verb}`);
        },
      },
      {
        operation: own,
        about: 'none',
        status: 404,
        call: async (world) => asMerchant(world, await world.merchant(), method, missing),
      },
      { operation: any, about: 'none', status: 404, call: async (world) => asOperator(world, method, missing) },
    ];
  }),
  {
    operation: 'resendNotification',
    about: 'one that has no endpoint',
    status: 409,
    call: async (world) => {
      const { merchant, notification } = await withNotification(world, false);
      return asMerchant(world, merchant, 'post', `/notifications/${notification.id}/resend`);
    },
  },
];

export const cases: readonly ContractCase[] = [...endpointCases, ...notificationCases];
