import express, { type Express } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { type MerchantId, readId, showId } from '../../src/core/ids';
import { systemRandom } from '../../src/core/random';
import { setCaller } from '../../src/http/caller';
import { problemHandler } from '../../src/http/problem-details';
import { createDeliveries } from '../../src/notifications/list-deliveries';
import { createEndpoints } from '../../src/notifications/manage-endpoints';
import { createPingEndpoint } from '../../src/notifications/ping-endpoint';
import { createResends } from '../../src/notifications/resend';
import { createEndpointRoutes, createOrderNotificationRoutes } from '../../src/notifications/routes';
import { createHttpClient } from '../../src/notifications/http-client';
import { createWebhooks } from '../../src/notifications/send-webhook';
import { systemClock } from '../../src/core/clock';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import { type NotificationWorld, notificationWorld } from '../support/notification-world';

let world: NotificationWorld;
let server: MerchantServer;
let merchantId: MerchantId;
let path: string;

beforeAll(async () => {
  world = await notificationWorld();
  server = await startMerchantServer();
});
beforeEach(async () => {
  merchantId = await world.merchant();
  path = `/admin/merchants/${showId('merchant', merchantId)}/endpoints`;
});
afterAll(async () => {
  await server.close();
  await world.close();
});

/** The routes as the app mounts them, with the merchant taken for authenticated. */
function app(allowPrivate = true): Express {
  const endpoints = createEndpoints({ ...world, random: systemRandom, allowPrivate });
  const http = createHttpClient({ allowPrivate });
  const logger = { error: () => undefined };
  const webhooks = createWebhooks({ ...world, http, clock: systemClock, logger });
  const ping = createPingEndpoint({ ...world, webhooks, clock: systemClock });
  const resends = createResends({ ...world, hint: () => undefined });
  const built = express();
  built.use(express.json(), (req, _res, next) => {
    setCaller(req, { kind: 'merchant', merchantId });
    next();
  });
  built.use('/admin/merchants/:merchant_id/endpoints', createEndpointRoutes({ endpoints, ping, resends }).router);
  built.use(
    '/v1/orders/:order_id/notifications',
    createOrderNotificationRoutes({ deliveries: createDeliveries(world) }).router,
  );
  built.use(problemHandler(pino({ level: 'silent' })));
  return built;
}

interface Shown {
  readonly id: string;
  readonly secret: string;
  readonly status: string;
  readonly code: string;
  readonly data: readonly Shown[];
  readonly next_cursor: string | null;
  readonly errors: readonly { readonly path: string }[];
}
const body = (answer: { body: unknown }): Shown => answer.body as Shown;

describe('an endpoint', () => {
  it('is made with a secret that is shown once and kept sealed', async () => {
    const made = await request(app()).post(path).send({ url: 'https://shop.example/hook' }).expect(201);
    expect(made.body).toMatchObject({
      id: expect.stringMatching(/^end_/) as string,
      url: 'https://shop.example/hook',
      schedule: 'standard',
      success_rule: 'status_2xx',
      status: 'active',
      secret: expect.stringMatching(/^whsec_/) as string,
    });
    const { secret } = body(made);
    const list = await request(app()).get(path).expect(200);
    expect(body(list).data).toHaveLength(1);
    expect(JSON.stringify(list.body)).not.toContain(secret);
    const [row] = await world.query<{ kept: string }>(
      `select e::text as kept from orders.notification_endpoints e where id = $1`,
      [readId('endpoint', body(made).id)],
    );
    expect(row!.kept).not.toContain(secret.slice(6));
  });

  it('takes its own schedule, rule and secret', async () => {
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    const wish = { url: 'http://shop.example:8080/hook?x=1', schedule: [0, 60], success_rule: 'body_success', secret };
    const made = await request(app()).post(path).send(wish).expect(201);
    expect(made.body).toMatchObject(wish);
  });

  it.each([
    ['no body', undefined],
    ['another scheme', { url: 'ftp://shop.example/' }],
    ['a file', { url: 'file:///etc/passwd' }],
    ['no URL', { url: 'shop' }],
    ['a NUL', { url: 'https://shop.example/\u0000' }],
    ['a password', { url: 'https://user:secret@shop.example/' }],
    ['a fragment', { url: 'https://shop.example/#x' }],
    ['a very long URL', { url: `https://shop.example/${'x'.repeat(2_000)}` }],
    ['an unknown schedule', { url: 'https://shop.example/', schedule: 'never' }],
    ['a schedule out of the prototype', { url: 'https://shop.example/', schedule: 'toString' }],
    ['an empty schedule', { url: 'https://shop.example/', schedule: [] }],
    ['a schedule too long', { url: 'https://shop.example/', schedule: [700_000] }],
    ['an unknown rule', { url: 'https://shop.example/', success_rule: 'whatever' }],
    ['a short secret', { url: 'https://shop.example/', secret: 'whsec_AAAA' }],
    ['an unknown field', { url: 'https://shop.example/', surprise: true }],
  ])('with %s is refused', async (_name, wish) => {
    const answer = await request(app()).post(path).send(wish).expect(400);
    expect(body(answer).code).toBe('invalid_request');
  });

  it('at a private address is refused at once where those are not allowed', async () => {
    for (const host of ['127.0.0.1', '2130706433', '[::1]', '169.254.169.254', '0x7f000001']) {
      const answer = await request(app(false))
        .post(path)
        .send({ url: `http://${host}/hook` })
        .expect(400);
      expect(body(answer).errors).toEqual([expect.objectContaining({ path: 'url' })]);
    }
    await request(app(false)).post(path).send({ url: 'https://shop.example/' }).expect(201);
  });

  it('of nobody is refused', async () => {
    const nobody = showId('merchant', world.ids.next<'merchant'>());
    const answer = await request(app())
      .post(`/admin/merchants/${nobody}/endpoints`)
      .send({ url: 'https://shop.example/' });
    expect([answer.status, body(answer).code]).toEqual([404, 'not_found']);
    await request(app()).get('/admin/merchants/mer_rubbish/endpoints').expect(400);
  });

  it('is disabled, enabled and given a new secret by its own merchant only', async () => {
    const made = body(await request(app()).post(path).send({ url: 'https://shop.example/' }));
    const disabled = await request(app()).post(`${path}/${made.id}/disable`).expect(200);
    expect(disabled.body).toMatchObject({ status: 'disabled', disabled_reason: 'disabled by the operator' });
    const enabled = await request(app()).post(`${path}/${made.id}/enable`).expect(200);
    expect(enabled.body).toMatchObject({ status: 'active', disabled_reason: null });
    const rotated = await request(app())
      .post(`${path}/${made.id}/rotate-secret`)
      .send({ overlap_seconds: 60 })
      .expect(200);
    expect(rotated.body).toMatchObject({ previous_secret_until: expect.any(String) as string });
    expect(body(rotated).secret).not.toBe(made.secret);
    const other = `/admin/merchants/${showId('merchant', await world.merchant())}/endpoints`;
    for (const verb of ['disable', 'enable', 'rotate-secret']) {
      await request(app()).post(`${other}/${made.id}/${verb}`).expect(404);
    }
  });

  it('is found in a list by pages', async () => {
    for (let number = 0; number < 3; number += 1) {
      await request(app())
        .post(path)
        .send({ url: `https://shop.example/${number}` })
        .expect(201);
    }
    const first = body(await request(app()).get(path).query({ limit: 2 }).expect(200));
    expect(first.data).toHaveLength(2);
    const second = body(await request(app()).get(path).query({ limit: 2, cursor: first.next_cursor }).expect(200));
    expect(second.data).toHaveLength(1);
    expect(second.next_cursor).toBeNull();
  });
});

describe('the notifications of an order', () => {
  it('are listed with every attempt', async () => {
    await world.endpoint(merchantId, server.url);
    server.script({ status: 500, body: 'sorry' });
    const order = await world.order(merchantId);
    const notifier = world.notifier({ timeoutMs: 20_000 });
    await notifier.handle(await world.announce(merchantId, [order]));
    await notifier.settled();
    const list = await request(app())
      .get(`/v1/orders/${showId('order', order)}/notifications`)
      .expect(200);
    expect(list.body).toEqual({
      data: [
        expect.objectContaining({
          id: expect.stringMatching(/^ntf_/) as string,
          order: showId('order', order),
          type: 'order.paid',
          url: server.url,
          status: 'scheduled',
          next_attempt_at: expect.any(String) as string,
          attempts: [
            expect.objectContaining({
              number: 1,
              status: 'failed',
              http_status: 500,
              response_excerpt: 'sorry',
            }) as object,
          ],
        }),
      ],
      next_cursor: null,
    });
  });

  it('of another merchant are not there', async () => {
    const order = await world.order(await world.merchant());
    await request(app())
      .get(`/v1/orders/${showId('order', order)}/notifications`)
      .expect(404);
    await request(app()).get('/v1/orders/ord_rubbish/notifications').expect(400);
  });
});
