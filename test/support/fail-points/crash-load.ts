import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { VendorCallback } from '../vendor-callbacks';
import type { AdyenBank } from '../vendor-callbacks/adyen-bank';
import type { Channel, Json, Merchant, World } from '../world';

/** What all lists of payments of one database share. */
export interface CrashScene {
  readonly merchant: Merchant;
  readonly standard: Channel;
  readonly adyen: Channel & { readonly bank: AdyenBank };
  /** The customer whose points account is frozen. */
  readonly frozen: string;
}

export interface Payment {
  readonly reference: string;
  readonly order: Json;
  /** What stands on accounts of merchants and suspense in the end, and what the customer is granted. */
  readonly credits: readonly string[];
  readonly granted: readonly string[];
}

/** One HTTP request of a bank and the payments that it speaks of. */
export interface Call {
  readonly channel: string;
  readonly callback: VendorCallback;
  readonly payments: readonly Payment[];
}

/** What merchants and banks want of a service at the same time. */
export interface CrashLoad {
  readonly calls: readonly Call[];
  readonly payments: readonly Payment[];
  /** An order that its merchant closes. */
  readonly closing: Json;
  /** An order whose time will have passed when the next process starts. */
  readonly expiring: Json;
  /** An order that a merchant creates, repeating the request under one key. */
  readonly creating: { readonly key: string; readonly number: string };
  /** A notification that was delivered and is resent. */
  readonly resending: string;
}

const AMOUNT = '100.00';

/**
 * Seven payments in four callbacks: four in one that brings them as one list, one that comes twice at once, one whose points
 * are refused so that a first attempt is cancelled and a second made, and one for an order that was closed. Beside them
 * a merchant closes an order, creates one, has a notification sent again, and has an order that is about to expire.
 */
export async function prepareLoad(world: World, scene: CrashScene): Promise<CrashLoad> {
  const { merchant, standard, adyen } = scene;
  const order = (customer?: string, expires?: string): Promise<Json> =>
    world.order(merchant, { amount: AMOUNT, customer: customer ?? null, expires_at: expires ?? null });
  const [plain, granted, refused] = [
    () => order().then((one) => payment(one, MERCHANT, [])),
    () => order('anna').then((one) => payment(one, MERCHANT, ['100.0000'])),
    () => order(scene.frozen).then((one) => payment(one, MERCHANT, [])),
  ];
  const late = async (): Promise<Payment> =>
    payment(await closed(world, merchant, await order()), ['suspense 100.0000'], []);
  const [listed, twice, unlucky, tooLate, closing, expiring, [resending]] = await Promise.all([
    Promise.all([plain(), plain(), granted(), granted()]),
    granted(),
    refused(),
    late(),
    order(),
    order(undefined, new Date(Date.now() + 3_600_000).toISOString()),
    world.query<{ id: string }>(
      `select id from orders.notifications where status = 'delivered' order by id desc limit 1`,
    ),
  ]);
  const single = (one: Payment): Call => ({
    channel: standard.name,
    callback: world.paid(standard, one.order, { providerReference: one.reference }),
    payments: [one],
  });
  const list: Call = {
    channel: adyen.name,
    callback: adyen.bank.several(
      listed.map((one) => ({
        eventCode: 'AUTHORISATION',
        payment: world.payment(adyen, one.order, { providerReference: one.reference }),
      })),
    ),
    payments: listed,
  };
  return {
    calls: [list, single(twice), single(twice), single(unlucky), single(tooLate)],
    payments: [...listed, twice, unlucky, tooLate],
    closing,
    expiring,
    creating: { key: random(), number: random() },
    resending: resending!.id,
  };
}

const MERCHANT = [`merchant ${AMOUNT}00`];

async function closed(world: World, merchant: Merchant, order: Json): Promise<Json> {
  await world.v1(merchant, 'post', `/orders/${order.id}/close`);
  return order;
}

function payment(order: Json, credits: readonly string[], granted: readonly string[]): Payment {
  return { reference: `pay${random()}`, order, credits, granted };
}

function random(): string {
  return randomBytes(8).toString('hex');
}

/** The calls that were acknowledged. */
export type Acknowledged = ReadonlySet<Call>;

/** Everything at once; resolves when each is answered or has lost its connection. */
export async function sendLoad(url: string, load: CrashLoad, merchant: Merchant): Promise<Acknowledged> {
  const acknowledged = new Set<Call>();
  await Promise.all([
    ...load.calls.map(async (call) => {
      const { headers, body } = call.callback;
      if (isOk(await post(`${url}/callbacks/${call.channel}`, headers, body.toString()))) acknowledged.add(call);
    }),
    ...sendRequests(url, load, merchant),
  ]);
  return acknowledged;
}

/** The same again, until every call is acknowledged. */
export async function repeatLoad(url: string, load: CrashLoad, merchant: Merchant): Promise<void> {
  for (let round = 0; round < 20; round += 1) {
    const acknowledged = await sendLoad(url, load, merchant);
    if (acknowledged.size === load.calls.length) return;
    await wait(500);
  }
  throw new Error('not every call was acknowledged when the bank repeated it');
}

/** What the merchant asks for beside the payments; it may be asked again. */
function sendRequests(url: string, load: CrashLoad, merchant: Merchant): readonly Promise<number | undefined>[] {
  const { closing, creating, resending } = load;
  const authorised = { Authorization: `Bearer ${merchant.key}` };
  const body = JSON.stringify({ merchant_order_no: creating.number, amount: AMOUNT, currency: 'USD' });
  return [
    post(`${url}/v1/orders/${closing.id}/close`, authorised),
    post(`${url}/v1/notifications/ntf_${resending}/resend`, authorised),
    post(
      `${url}/v1/orders`,
      { ...authorised, 'content-type': 'application/json', 'idempotency-key': creating.key },
      body,
    ),
  ];
}

/** @returns the status, undefined where no answer came */
export async function post(
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<number | undefined> {
  try {
    const answer = await fetch(url, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
    await answer.arrayBuffer();
    return answer.status;
  } catch {
    return undefined;
  }
}

export function isOk(status: number | undefined): boolean {
  return status !== undefined && status < 300;
}
