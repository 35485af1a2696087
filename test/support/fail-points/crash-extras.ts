import { setTimeout as wait } from 'node:timers/promises';
import type { MerchantServer } from '../merchant-server';
import type { Json, Merchant, World } from '../world';
import { type CrashScene, isOk, post } from './crash-load';

/** What happens beside the list of payments, for steps that come only where a merchant's server fails. */
export type ExtraName = 'an endpoint is gone' | 'failed ones are resent' | 'an endpoint fails';

export interface Extra {
  /** What is asked of the service together with the list of payments. */
  readonly send: (url: string) => readonly Promise<unknown>[];
  /** When the process is dead: the endpoint works again. */
  readonly heal: () => void;
  /** What has become of the notifications in the end. */
  readonly ends: { readonly merchant: Merchant; readonly status: string; readonly count: number };
}

interface ExtraTools {
  readonly world: World;
  readonly scene: CrashScene;
  /** A server of merchants that fails as it is told to. */
  readonly moody: MerchantServer;
  /** Where the living process listens. */
  readonly url: string;
}

const EXTRAS: Readonly<Record<ExtraName, (tools: ExtraTools) => Promise<Extra>>> = {
  /** It answers 410 to the notification of a payment. */
  'an endpoint is gone': async ({ world, scene, moody }) => {
    const { merchant } = await failing(world, moody, 410, 'standard');
    const order = await world.order(merchant);
    const { headers, body } = world.paid(scene.standard, order);
    return {
      send: (url) => [post(`${url}/callbacks/${scene.standard.name}`, headers, body.toString())],
      heal: () => undefined,
      ends: { merchant, status: 'endpoint_disabled', count: 1 },
    };
  },
  /** Its schedule has one attempt, which has failed for three orders. */
  'failed ones are resent': async ({ world, moody, url: living }) => {
    const { merchant, endpoint } = await failing(world, moody, 500, [0]);
    const closing = await closings(world, merchant, 3);
    await Promise.all(closing.map((close) => close(living)));
    await statusReached(world, merchant, 'exhausted', 3);
    moody.usually({ status: 200 });
    const headers = { Authorization: `Bearer ${merchant.key}`, 'content-type': 'application/json' };
    const since = JSON.stringify({ failed_since: '2020-01-01T00:00:00Z' });
    const resend = async (url: string): Promise<void> => {
      await post(`${url}/v1/endpoints/${endpoint.id}/resend`, headers, since);
    };
    return {
      send: (url) => [resend(url)],
      heal: () => undefined,
      ends: { merchant, status: 'delivered', count: 3 },
    };
  },
  /** It fails so often that its circuit opens, and what is due besides is put off. */
  'an endpoint fails': async ({ world, moody }) => {
    const { merchant } = await failing(world, moody, 500, 'standard');
    const closing = await closings(world, merchant, 20);
    return {
      send: (url) => closing.map((close) => close(url)),
      heal: () => {
        moody.usually({ status: 200 });
      },
      ends: { merchant, status: 'delivered', count: 20 },
    };
  },
};

export function prepareExtra(name: ExtraName, tools: ExtraTools): Promise<Extra> {
  return EXTRAS[name](tools);
}

async function failing(
  world: World,
  moody: MerchantServer,
  status: number,
  schedule: string | readonly number[],
): Promise<{ merchant: Merchant; endpoint: Json }> {
  moody.usually({ status });
  const merchant = await world.merchant();
  const endpoint = await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: moody.url, schedule });
  return { merchant, endpoint };
}

async function closings(
  world: World,
  merchant: Merchant,
  count: number,
): Promise<readonly ((url: string) => Promise<void>)[]> {
  const orders: Json[] = await Promise.all(Array.from({ length: count }, () => world.order(merchant)));
  const headers = { Authorization: `Bearer ${merchant.key}` };
  return orders.map(({ id }) => async (url) => {
    const status = await post(`${url}/v1/orders/${id}/close`, headers);
    if (status !== undefined && status !== 409 && !isOk(status)) throw new Error(`closing an order answered ${status}`);
  });
}

/** Waits until so many of the merchant's notifications are in this status. */
export async function statusReached(world: World, merchant: Merchant, status: string, count: number): Promise<void> {
  for (let round = 0; round < 2_400; round += 1) {
    const [found] = await world.query<{ count: string }>(
      'select count(*) from orders.notifications where merchant_id = $1 and status = $2',
      [merchant.id.slice('mer_'.length), status],
    );
    if (Number(found?.count) === count) return;
    await wait(25);
  }
  throw new Error(`there are not ${count} notifications that are ${status}`);
}
