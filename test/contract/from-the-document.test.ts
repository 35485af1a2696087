import { createHmac, timingSafeEqual } from 'node:crypto';
import { type IncomingHttpHeaders, type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ApiDocument, at, pointerTo, readDocument } from '../support/api-document';
import { type Json, OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/**
 * An integration by somebody who has the address of the service, an operator's token and /openapi.json, and nothing else:
 * every path, body and header comes from the document, by the ids of its operations, and every request and answer is held
 * against it.
 */
let world: World;
let base: string;
let document: ApiDocument;
let shop: Shop;

beforeAll(async () => {
  world = await startWorld({ answerBudgetMs: 30_000 });
  base = world.http.get('/').url.replace(/\/$/, '');
  document = readDocument(await (await fetch(`${base}/openapi.json`)).json());
  shop = await openShop();
});
afterAll(async () => {
  await world.quiet();
  await world.mustBeSound();
  shop.server.closeAllConnections();
  shop.server.close();
  await world.stop();
});

it('is written from the document alone, from the merchant to the verified webhook', async () => {
  const tokens: Record<string, string> = { operator: OPERATOR_TOKEN };
  const call = (id: string, given: Given = {}) => callByDocument(id, tokens, given);

  const merchant = await call('createMerchant');
  const params = { merchant_id: merchant.body.id };
  tokens['merchant'] = (await call('createApiKey', { params })).body.key;
  const endpoint = await call('createEndpoint', { body: { ...exampleBody('createEndpoint'), url: shop.url } });
  const channel = await call('createChannel');
  const channelKey = exampleBody('createChannel').keys[0];
  await call('setFeePlan', { params: { ...params, currency: exampleBody('createOrder').currency } });

  const order = await call('createOrder');
  expect([order.status, order.body.status]).toEqual([201, 'open']);

  const payment = document.operation('receiveCallback').described.requestBody.content['application/json'].examples;
  const told = structuredClone(payment.standard_webhooks.value);
  told.data = {
    ...told.data,
    reference: order.body.payment_reference,
    amount: order.body.amount,
    currency: order.body.currency,
    account: channel.body.receiving_account,
    live: channel.body.live,
  };
  const acknowledged = await call('receiveCallback', {
    params: { channel: channel.body.name },
    text: JSON.stringify(told),
    headers: { 'content-type': 'application/json', ...signedBy(channelKey.secret, 'msg_1', JSON.stringify(told)) },
  });
  expect(acknowledged.status).toBe(204);

  const paid = await call('getOrder', { params: { order_id: order.body.id } });
  expect(paid.body).toMatchObject({ status: 'paid', amount: order.body.amount });
  const webhook = await shop.next();
  expect(isGenuine(webhook, endpoint.body.secret)).toBe(true);
  expect(isGenuine({ ...webhook, body: webhook.body.replace('paid', 'open') }, endpoint.body.secret)).toBe(false);
  expect(whatTheWebhookHides(webhook)).toEqual([]);
  expect(JSON.parse(webhook.body)).toMatchObject({ type: 'order.paid', data: { id: order.body.id, status: 'paid' } });

  await world.quiet();
  const accounts = await call('listOwnAccounts');
  expect(accounts.body.data.map((one: Json) => [one.kind, one.balance])).toEqual([['merchant', paid.body.net]]);
});

it('retries safely and understands problems by their codes', async () => {
  const tokens: Record<string, string> = { operator: OPERATOR_TOKEN };
  const call = (id: string, given: Given = {}) => callByDocument(id, tokens, given);
  const headers = { 'Idempotency-Key': 'a key of the integrator'.replaceAll(' ', '-') };
  const first = await call('createMerchant', { body: { name: 'once' }, headers });
  const again = await call('createMerchant', { body: { name: 'once' }, headers });
  expect([again.headers.get('idempotency-replayed'), again.body]).toEqual(['true', first.body]);
  expect((await call('createMerchant', { body: { name: 'other' }, headers })).body.code).toBe('idempotency_conflict');
  expect((await call('createMerchant', { body: { name: 'once' } })).body.code).toBe('name_taken');
  tokens['merchant'] = 'qk_nobody';
  expect((await call('listOwnAccounts')).body.code).toBe('unauthenticated');
});

interface Given {
  readonly params?: Readonly<Record<string, string>>;
  readonly body?: Json;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function exampleBody(id: string): Json {
  return structuredClone(document.operation(id).described.requestBody.content['application/json'].example);
}

/** Calls an operation as the document says it, with the document's own example where nothing else is given. */
async function callByDocument(id: string, tokens: Readonly<Record<string, string>>, given: Given) {
  const { path, method, described } = document.operation(id);
  const parameters: Json[] = described.parameters.map((one: Json) => document.resolve(one));
  const address = path.replace(/\{(\w+)\}/g, (_match, name: string) => {
    const value = given.params?.[name] ?? parameters.find((one) => one.in === 'path' && one.name === name).example;
    return encodeURIComponent(value);
  });
  const [scheme] = (described.security as Json[]).flatMap((one) => Object.keys(one));
  const content = described.requestBody?.content['application/json'];
  const body = given.text === undefined && content !== undefined ? (given.body ?? exampleBody(id)) : undefined;
  if (body !== undefined) {
    const schema = pointerTo('paths', path, method, 'requestBody', 'content', 'application/json', 'schema');
    expect([id, document.validate(schema, body)]).toEqual([id, undefined]);
  }
  const sent = given.text ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(`${base}${address}`, {
    method: method.toUpperCase(),
    headers: {
      ...(scheme === undefined ? {} : { authorization: `Bearer ${tokens[scheme]!}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...given.headers,
    },
    ...(sent === undefined ? {} : { body: sent }),
  });
  const text = await answer.text();
  const response = described.responses[answer.status];
  expect([id, text, response !== undefined]).toEqual([id, text, true]);
  const type = (answer.headers.get('content-type') ?? '').split(';')[0]!;
  const read: Json = type.endsWith('json') ? JSON.parse(text) : text;
  if (type !== '') expect([id, validateAnswer(id, answer.status, type, read)]).toEqual([id, undefined]);
  return { status: answer.status, headers: answer.headers, body: read };
}

function validateAnswer(id: string, status: number, type: string, body: Json): string | undefined {
  const { path, method } = document.operation(id);
  const place = pointerTo('paths', path, method, 'responses', status);
  const reference = at(document.json, place).$ref as string | undefined;
  return document.validate(`${reference?.slice(1) ?? place}${pointerTo('content', type, 'schema')}`, body);
}

/** Standard Webhooks, as the description of the callback says it: `v1,` and the base64 of an HMAC over id, time and body. */
function signedBy(secret: string, id: string, body: string): Record<string, string> {
  const time = String(Math.floor(Date.now() / 1000));
  return {
    'webhook-id': id,
    'webhook-timestamp': time,
    'webhook-signature': `v1,${signature(secret, id, time, body)}`,
  };
}

function signature(secret: string, id: string, time: string, body: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return createHmac('sha256', key).update(`${id}.${time}.${body}`).digest('base64');
}

interface Webhook {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** The six steps of the document's section on webhooks. */
function isGenuine({ headers, body }: Webhook, secret: string): boolean {
  const [id, time] = [String(headers['webhook-id']), String(headers['webhook-timestamp'])];
  if (Math.abs(Date.now() / 1000 - Number(time)) > 300) return false;
  const expected = Buffer.from(`v1,${signature(secret, id, time, body)}`);
  return String(headers['webhook-signature'])
    .split(' ')
    .map((one) => Buffer.from(one))
    .some((one) => one.length === expected.length && timingSafeEqual(one, expected));
}

/** What a webhook has that the document does not say of it. */
function whatTheWebhookHides({ headers, body }: Webhook): string[] {
  const payload: Json = JSON.parse(body);
  const place = pointerTo('webhooks', payload.type, 'post');
  const parameters: Json[] = at(document.json, `${place}/parameters`);
  const wrongHeaders = parameters.flatMap(({ name }, index) => {
    const wrong = document.validate(`${place}/parameters/${index}/schema`, headers[name as string]);
    return wrong === undefined ? [] : [`${String(name)}: ${wrong}`];
  });
  const content = pointerTo('requestBody', 'content', String(headers['content-type']), 'schema');
  const wrongBody = document.validate(`${place}${content}`, payload);
  return [...wrongHeaders, ...(wrongBody === undefined ? [] : [wrongBody])];
}

interface Shop {
  readonly url: string;
  readonly server: Server;
  next(): Promise<Webhook>;
}

/** The merchant's own server: it keeps what it gets and answers as the document asks it to. */
async function openShop(): Promise<Shop> {
  const received: Webhook[] = [];
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      received.push({ headers: req.headers, body: Buffer.concat(chunks).toString() });
      res.end('success');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    server,
    next: async () => {
      const deadline = Date.now() + 60_000;
      while (received.length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
      return received.shift()!;
    },
  };
}
