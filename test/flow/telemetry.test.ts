import { randomBytes } from 'node:crypto';
import { type AddressInfo, type Server, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { readTraceparent } from '../../src/core/traceparent';
import { type CollectedSpan, type TestCollector, startCollector } from '../support/collector';
import { createTestDatabase, dropTestDatabase } from '../support/databases';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type ServiceProcess, startServiceProcess } from '../support/process';
import { serviceSetup } from '../support/service-world';
import type { VendorCallback } from '../support/vendor-callbacks';
import type { Channel, Json, Merchant, World } from '../support/world';

/**
 * Spans as a collector gets them from the service, and collectors that get nothing. The service is a process of its own,
 * configured as an operator does it: the exporter imports in a way that jest does not support.
 */
let database: string;
let world: World;
let service: ServiceProcess;
let collector: TestCollector;
let server: MerchantServer;
let merchant: Merchant;
let channel: Channel;

beforeEach(async () => {
  database = await createTestDatabase();
  collector = await startCollector();
  server = await startMerchantServer();
});
afterEach(async () => {
  if (service.child.exitCode === null && service.child.signalCode === null) await service.end('SIGKILL');
  await world.stop();
  await server.close();
  await collector.close();
  await dropTestDatabase(database);
});

async function begin(env: Readonly<Record<string, string>> = {}): Promise<void> {
  const setup = serviceSetup({
    DATABASE_URL: database,
    QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: 'api-key=collector%20key',
    OTEL_SERVICE_NAME: 'shop-payments',
    ...env,
  });
  service = await startServiceProcess({ env: setup.env });
  world = await setup.look(database);
  [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: `${server.url}?token=in-the-address` });
}

const aHeader = (flags = '01'): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-${flags}`;
const traceIdOf = (header: string): string => readTraceparent(header)!.traceId;

async function send({ headers, body }: VendorCallback, traceparent: string): Promise<number> {
  const url = `${service.url}/callbacks/${channel.name}`;
  const answer = await fetch(url, { method: 'POST', headers: { ...headers, traceparent }, body: new Uint8Array(body) });
  await answer.arrayBuffer();
  return answer.status;
}

const pay = (order: Json, traceparent: string): Promise<number> => send(world.paid(channel, order), traceparent);

/** Stops the service, which sends what it has, so that everything is there. */
const finish = (): Promise<number | string> => service.end('SIGTERM');

it.each([
  ['done by the process that decides it', {}, []],
  [
    'done through the queue',
    { QUEUE_EVERYTHING: 'true' },
    ['process quittance-outbox', 'process quittance-notifications'],
  ],
])('a payment is one tree of spans, from the caller to the merchant: %s', async (_, env, processed) => {
  await begin(env);
  const order = await world.order(merchant, { customer: 'anna@example.org', description: 'a private matter' });
  const caller = readTraceparent(aHeader())!;
  expect(await pay(order, `00-${caller.traceId}-${caller.spanId}-01`)).toBe(204);
  await world.quiet();
  await world.mustBeSound();
  expect(await finish()).toBe(0);

  const spans = collector.spans.filter((span) => span.traceId === caller.traceId);
  const named = (name: string): CollectedSpan => spans.find((span) => span.name === name)!;
  const root = named('POST /callbacks/:channel');
  expect(root).toMatchObject({
    parentSpanId: caller.spanId,
    kind: 2,
    attributes: {
      'http.request.method': 'POST',
      'http.route': '/callbacks/:channel',
      'http.response.status_code': 204,
      'quittance.channel': channel.name,
      'quittance.provider': 'standard_webhooks',
      'quittance.callback.outcome': 'final',
      'quittance.callback.verdicts': ['payment_succeeded'],
    },
  });
  const below = spans.filter((span) => span.parentSpanId === root.spanId).map((span) => span.name);
  expect(new Set(below)).toEqual(
    new Set([
      'callbacks.record',
      'settle payment',
      'accounts.try',
      'transactions.decide',
      'accounts.confirm',
      'transactions.confirmed',
      'process voucher',
      'POST',
    ]),
  );
  expect(named('process voucher')).toMatchObject({ kind: 5, attributes: { 'messaging.batch.message_count': 1 } });
  expect(named('POST')).toMatchObject({
    kind: 3,
    attributes: { 'server.address': '127.0.0.1', 'http.response.status_code': 200 },
  });
  expect(readTraceparent(server.received[0]?.traceparent)).toEqual({
    traceId: caller.traceId,
    spanId: named('POST').spanId,
    sampled: true,
  });
  expect(collector.resource).toMatchObject({ 'service.name': 'shop-payments' });
  expect(collector.headers[0]).toMatchObject({ path: '/v1/traces', 'api-key': 'collector key' });
  const jobs = collector.spans.filter((span) => span.attributes['messaging.system'] === 'bullmq');
  expect(new Set(jobs.map((span) => span.name))).toEqual(new Set(processed));
  const everything = JSON.stringify(collector.spans);
  for (const text of ['anna', 'private', 'in-the-address', merchant.key, order.payment_reference]) {
    expect(everything).not.toContain(text);
  }
});

it('a step that takes a list links to the traces of its items', async () => {
  await begin();
  const headers = Array.from({ length: 60 }, () => aHeader());
  const orders: Json[] = await Promise.all(headers.map(() => world.order(merchant)));
  await Promise.all(orders.map((order, index) => pay(order, headers[index]!)));
  await world.quiet();
  await world.mustBeSound();
  await finish();

  const traces = new Set(headers.map((header) => readTraceparent(header)!.traceId));
  const inboxes = new Set(
    collector.spans.filter((span) => span.name === 'POST /callbacks/:channel').map((span) => span.spanId),
  );
  for (const name of [
    'callbacks.record',
    'accounts.try',
    'transactions.decide',
    'accounts.confirm',
    'process voucher',
  ]) {
    const steps = collector.spans.filter((span) => span.name === name);
    expect([name, steps.some((span) => span.links.length > 1)]).toEqual([name, true]);
    const met = steps.flatMap((span) =>
      span.links.length === 0 ? [{ traceId: span.traceId, spanId: span.parentSpanId }] : span.links,
    );
    expect([name, new Set(met.map((one) => one.traceId))]).toEqual([name, traces]);
    expect(met.every((one) => inboxes.has(one.spanId))).toBe(true);
    for (const span of steps) {
      expect(span.attributes['quittance.list.size']).toBe(Math.max(1, span.links.length));
    }
  }
});

it('a refused callback and a failing merchant show as such', async () => {
  await begin();
  const callback = world.paid(channel, await world.order(merchant));
  expect(await send({ ...callback, body: Buffer.concat([callback.body, Buffer.from(' ')]) }, aHeader())).toBe(401);
  server.script({ status: 500 });
  expect(await send(callback, aHeader())).toBe(204);
  for (let round = 0; round < 2_400 && server.received.length < 1; round += 1) await wait(25);
  await finish();

  const callbacks = collector.spans.filter((span) => span.name === 'POST /callbacks/:channel');
  expect(callbacks.map((span) => span.attributes['quittance.callback.outcome'])).toEqual(['refused', 'final']);
  expect(callbacks[0]?.attributes).toMatchObject({ 'quittance.callback.reason': 'signature_wrong' });
  expect(collector.spans.find((span) => span.name === 'POST')).toMatchObject({
    isError: true,
    attributes: { 'http.response.status_code': 500, 'error.type': '500' },
  });
});

it.each([
  ['what the caller does not record is not recorded here', {}, false],
  ['unless the configuration says so', { OTEL_TRACES_SAMPLER: 'always_on' }, true],
])('%s', async (_, env, isRecorded) => {
  const header = aHeader('00');
  await begin(env);
  expect(await pay(await world.order(merchant), header)).toBe(204);
  await world.quiet();
  await fetch(`${service.url}/healthz`);
  await finish();
  expect(collector.spans.map((span) => span.name)).toContain('GET /healthz');
  const recorded = collector.spans.filter((span) => span.traceId === traceIdOf(header));
  expect(recorded.some((span) => span.name === 'POST /callbacks/:channel')).toBe(isRecorded);
  expect(readTraceparent(server.received[0]?.traceparent)).toMatchObject({
    traceId: traceIdOf(header),
    sampled: isRecorded,
  });
});

describe('a collector that is not there', () => {
  let silent: Server;
  beforeEach(async () => {
    silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  });

  it.each(['refuses connections', 'never answers'])('changes nothing where it %s', async (how) => {
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1/traces`;
    if (how === 'refuses connections') await new Promise((resolve) => silent.close(resolve));
    await begin({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: '1000', LOG_LEVEL: 'info' });
    const orders: Json[] = await Promise.all(Array.from({ length: 20 }, () => world.order(merchant)));
    const answers = await Promise.all(orders.map((order) => pay(order, aHeader())));
    expect(answers).toEqual(orders.map(() => 204));
    await world.quiet();
    expect(server.received).toHaveLength(20);
    await world.mustBeSound();
    for (let round = 0; round < 2_400 && !service.output().includes('traces.export_failed'); round += 1) await wait(25);
    expect(await finish()).toBe(0);
    // One line, however many exports failed; with the collector's key in none.
    expect(service.output().match(/traces\.export_failed/g)).toHaveLength(1);
    expect(service.output()).not.toMatch(/collector( |%20)key/);
    if (how === 'never answers') silent.close();
  });
});
