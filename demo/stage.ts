import { setTimeout as wait } from 'node:timers/promises';
import type { BankCalls, Delivery } from './bank-calls';
import { type Answer, type Body, type Client, expectOk, postAgain, textOf } from './client';
import type { Peer } from './ipc';
import { fromMinor } from './minor-units';
import type { PlannedOrder } from './plan';
import type { Payment } from './signing';
import { type Scenery, enrolledMerchant, freeze } from './setup';
import { channelNamed } from './world';

/** An order that the service knows. */
export interface PlacedOrder {
  readonly order: PlannedOrder;
  readonly id: string;
  readonly reference: string;
}

export interface PlaceOptions {
  readonly expiresInMs?: number;
  readonly onlyThroughItsChannel?: boolean;
}

/** What a scenario can do. */
export interface Stage {
  place(order: PlannedOrder, options?: PlaceOptions): Promise<PlacedOrder>;
  /** Asks to close the order; true where it is closed now. */
  close(placed: PlacedOrder): Promise<boolean>;
  statusOf(placed: PlacedOrder): Promise<string>;
  /** Waits until the order has this status. @throws Error after 30 seconds */
  until(placed: PlacedOrder, status: string): Promise<void>;
  deliver(delivery: Delivery): Promise<void>;
  freeze(what: 'account' | 'payee' | 'points', merchant: string, name?: string): Promise<void>;
}

export function createStage(deps: { scenery: Scenery; bank: Peer<BankCalls> }): Stage {
  const { scenery, bank } = deps;
  const clientOf = (order: PlannedOrder): Client => enrolledMerchant(scenery, order.merchant).client;
  const statusOf = async ({ order, id }: PlacedOrder): Promise<string> =>
    textOf(expectOk(await clientOf(order).get(`/v1/orders/${id}`), `order ${order.number}`), 'status');
  return {
    place: async (order, options = {}) => {
      const body = await create(clientOf(order), order, () => orderBody(scenery, order, options));
      return { order, id: textOf(body, 'id'), reference: textOf(body, 'payment_reference') };
    },
    close: async (placed) => {
      const answer = await postAgain(clientOf(placed.order), `/v1/orders/${placed.id}/close`);
      if (answer.status === 200) return true;
      if (answer.status !== 409) expectOk(answer, `closing ${placed.order.number}`);
      // After a request that was cut off the answer may be that it is closed already.
      return (await statusOf(placed)) === 'closed';
    },
    statusOf,
    until: async (placed, status) => {
      const deadline = Date.now() + 30_000;
      while ((await statusOf(placed)) !== status) {
        if (Date.now() > deadline) throw new Error(`${placed.order.number} did not become ${status}`);
        await wait(250);
      }
    },
    deliver: async (delivery) => {
      await bank.call('deliver', delivery);
    },
    freeze: (what, merchant, name) => freeze(scenery, what, merchant, name),
  };
}

/**
 * Creates an order whatever happens to the answer: the merchant's number is unique, so that after a request of which nobody
 * knows what became, looking it up and sending it again are both safe.
 */
async function create(client: Client, order: PlannedOrder, body: () => Body): Promise<Body> {
  for (;;) {
    const answer = await client.post('/v1/orders', body());
    if (answer.status === 201) return answer.body;
    if (!isUnclear(answer)) return expectOk(answer, `creating ${order.number}`);
    const found = await client.get(`/v1/orders/by-number/${order.number}`);
    if (found.status === 200) return found.body;
    await wait(250);
  }
}

function isUnclear({ status, body }: Answer): boolean {
  return status === 409 && (body['code'] === 'idempotency_in_progress' || body['code'] === 'duplicate_order');
}

function orderBody(scenery: Scenery, order: PlannedOrder, options: PlaceOptions): Body {
  const { currency, channel, customer, splits } = order;
  const { payees } = enrolledMerchant(scenery, order.merchant);
  return {
    merchant_order_no: order.number,
    amount: fromMinor(order.minor, currency),
    currency,
    description: `the demo's ${order.scenario.replaceAll('_', ' ')}`,
    ...(customer === undefined ? {} : { customer }),
    ...(options.onlyThroughItsChannel === true ? { channels: [channel] } : {}),
    ...(options.expiresInMs === undefined
      ? {}
      : { expires_at: new Date(Date.now() + options.expiresInMs).toISOString() }),
    splits: splits.map(({ payee, minor }) => ({
      account: payees.get(`${payee} ${currency}`),
      amount: fromMinor(minor, currency),
    })),
  };
}

/** The order's payment as the gateway knows it; `nth` tells several payments of one order apart. */
export function paymentOf(
  placed: PlacedOrder,
  change: Partial<Payment> & { readonly channel?: string; readonly nth?: number } = {},
): Payment {
  const { order } = placed;
  const { channel: name = order.channel, nth = 1, ...fields } = change;
  const channel = channelNamed(name);
  return {
    id: `${PAYMENT_PREFIX[channel.provider]}${order.number.replace('-', '')}N${nth}`,
    reference: placed.reference,
    amount: fromMinor(order.minor, order.currency),
    currency: order.currency,
    account: channel.receivingAccount,
    live: channel.live,
    ...fields,
  };
}

export const PAYMENT_PREFIX = {
  alipay: '2026112122001',
  wechat_pay: '4200001234',
  stripe: 'pi_3Q',
  adyen: 'NC6HT9',
  standard_webhooks: 'pay_',
} as const;
