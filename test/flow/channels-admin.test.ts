import { randomBytes } from 'node:crypto';
import type { Express } from 'express';
import { Router } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import type { Verification } from '../../src/channels/channel';
import { type ChannelDirectory, createChannelDirectory } from '../../src/channels/channel-directory';
import { createChannels } from '../../src/channels/manage-channels';
import { channelRegistry } from '../../src/channels/registry';
import { createChannelRoutes } from '../../src/channels/routes';
import { type Database, inTransaction, type Queryable, statement } from '../../src/consistency/transaction';
import { operatorOf } from '../../src/config-operators';
import type { Clock } from '../../src/core/clock';
import { createIds, showId } from '../../src/core/ids';
import { createSealer } from '../../src/core/sealing';
import { createApp } from '../../src/http/app';
import { operatorAuthentication } from '../../src/http/authentication';
import { testDatabases, type TestDatabases } from '../support/databases';
import { idTracer } from '../support/quiet';
import { createStripeBank, everyVendorBank, type VendorBank, type VendorCallback } from '../support/vendor-callbacks';

const TOKEN = 'operator-token-of-this-test';
const PAYMENT = {
  providerReference: 'P1',
  paymentReference: 'ABC',
  amount: '10.00',
  currency: 'CNY',
  account: 'acct_1',
  live: false,
};

let own: TestDatabases;
let db: Database<'orders'>;
let app: Express;
let directory: ChannelDirectory;
/** A second process: nobody tells it of changes. */
let elsewhere: ChannelDirectory;
let elapsed = 0;
let statements = 0;

const clock: Clock = { now: () => new Date(), elapsed: () => elapsed };
const ids = createIds(clock);
const sealer = createSealer([randomBytes(32)]);

beforeAll(async () => {
  own = await testDatabases();
  db = counting(own.databases.orders);
  directory = createChannelDirectory({ db, sealer, clock, registry: channelRegistry });
  elsewhere = createChannelDirectory({ db, sealer, clock, registry: channelRegistry });
  const channels = createChannels({
    db,
    ids,
    sealer,
    registry: channelRegistry,
    onChange: () => {
      directory.forget();
    },
  });
  app = createApp({
    logger: pino({ level: 'silent' }),
    ids,
    tracer: idTracer,
    ready: () => Promise.reject(new Error('not asked here')),
    authenticateOperator: operatorAuthentication([operatorOf('operator', TOKEN)]),
    authenticateMerchant: (_req, _res, next) => {
      next();
    },
    idempotency: (_req, _res, next) => {
      next();
    },
    operatorActions: { begin: () => Promise.resolve('not kept here'), end: () => Promise.resolve() },
    callbacks: Router(),
    operator: [{ path: '/channels', routes: createChannelRoutes({ channels }) }],
    merchant: [],
  });
});

afterAll(async () => {
  await own.close();
});

beforeEach(() => {
  elapsed += 10_000;
  statements = 0;
});

function counting(inner: Database<'orders'>): Database<'orders'> {
  const query: Queryable['query'] = (...args) => {
    statements += 1;
    return inner.query(...args);
  };
  return { ...inner, query };
}

function admin(method: 'get' | 'post' | 'delete', path: string, body?: object): request.Test {
  return request(app)[method](`/admin/channels${path}`).set('authorization', `Bearer ${TOKEN}`).send(body);
}

function channelBody(bank: VendorBank, name: string, more: object = {}): object {
  return {
    name,
    provider: bank.provider,
    receiving_account: PAYMENT.account,
    live: false,
    merchants: 'all',
    keys: bank.keys(),
    ...more,
  };
}

interface ShownChannel {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly keys: readonly { readonly id: string; readonly revoked_at: string | null }[];
}

async function created(bank: VendorBank, name: string, more: object = {}): Promise<ShownChannel> {
  const answer = await admin('post', '', channelBody(bank, name, more)).expect(201);
  return answer.body as ShownChannel;
}

async function received(
  by: ChannelDirectory,
  name: string,
  callback: VendorCallback,
): Promise<Verification['kind'] | 'no_such_channel'> {
  const channel = await by.find(name);
  return channel === undefined
    ? 'no_such_channel'
    : channel.adapter.verify(callback, channel.account, clock.now()).kind;
}

test('a channel of every provider is created and takes its provider’s callbacks at once', async () => {
  for (const [index, bank] of everyVendorBank().entries()) {
    const name = `of-every-${index}`;
    expect(await received(directory, name, bank.paid(PAYMENT))).toBe('no_such_channel');
    const channel = await created(bank, name);
    expect(channel).toMatchObject({ name, provider: bank.provider, merchants: 'all', settings: {}, status: 'active' });
    expect(channel).toMatchObject({ callback_path: `/callbacks/${name}` });
    expect(await received(directory, name, bank.paid(PAYMENT))).toBe('verified');
  }
});

test('no answer and no row holds a secret in clear', async () => {
  const bank = createStripeBank();
  const channel = await created(bank, 'secrets');
  const { secret } = bank.keys()[0]!;
  for (const path of ['', `/${channel.id}`]) {
    expect((await admin('get', path).expect(200)).text).not.toContain(secret);
  }
  const everything = statement(
    'test.channels.everything',
    'select row_to_json(k)::text as row from orders.channel_keys k',
  );
  const rows = await db.query<{ row: string }>(everything);
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.some(({ row }) => row.includes(secret))).toBe(false);
});

test('a sealed secret that was moved to another row does not open, and the bank is asked to call again', async () => {
  const channel = await created(createStripeBank(), 'moved');
  const other = await created(createStripeBank(), 'moved-other');
  const move = statement(
    'test.channel_keys.move',
    `update orders.channel_keys set sealed_secret =
       (select k.sealed_secret from orders.channel_keys k where k.id = $2) where id = $1`,
  );
  const bare = (shown: ShownChannel): string => shown.keys[0]!.id.slice(4);
  await inTransaction(db, 'test', (tx) => tx.query(move, [bare(channel), bare(other)]));
  directory.forget();
  await expect(directory.find('moved')).rejects.toThrow('a key of channel moved is unavailable');
  expect((await directory.find('moved-other'))?.name).toBe('moved-other');
});

test('keys are rotated: both work, then only the new one, within two seconds in every process', async () => {
  const [before, after] = [createStripeBank(), createStripeBank()];
  const channel = await created(before, 'rotating');
  expect(await received(elsewhere, 'rotating', before.paid(PAYMENT))).toBe('verified');
  const added = await admin('post', `/${channel.id}/keys`, after.keys()[0]).expect(201);
  expect(added.body).toMatchObject({ purpose: 'webhook_secret', serial: null, revoked_at: null });
  expect(added.body).not.toHaveProperty('secret');
  for (const bank of [before, after])
    expect(await received(directory, 'rotating', bank.paid(PAYMENT))).toBe('verified');

  elapsed += 2_000;
  expect(await received(elsewhere, 'rotating', before.paid(PAYMENT))).toBe('verified');
  await admin('delete', `/${channel.id}/keys/${channel.keys[0]!.id}`).expect(204);
  await admin('delete', `/${channel.id}/keys/${channel.keys[0]!.id}`).expect(204);
  expect(await received(directory, 'rotating', before.paid(PAYMENT))).toBe('refused');
  elapsed += 1_999;
  expect(await received(elsewhere, 'rotating', before.paid(PAYMENT))).toBe('verified');
  elapsed += 1;
  expect(await received(elsewhere, 'rotating', before.paid(PAYMENT))).toBe('refused');
  expect(await received(elsewhere, 'rotating', after.paid(PAYMENT))).toBe('verified');
  const shown = await admin('get', `/${channel.id}`).expect(200);
  expect((shown.body as ShownChannel).keys.map((key) => key.revoked_at !== null)).toEqual([true, false]);
});

test('a disabled channel is not there until it is enabled', async () => {
  const bank = createStripeBank();
  const channel = await created(bank, 'on-and-off');
  expect((await admin('post', `/${channel.id}/disable`).expect(200)).body).toMatchObject({ status: 'disabled' });
  expect(await received(directory, 'on-and-off', bank.paid(PAYMENT))).toBe('no_such_channel');
  expect((await admin('post', `/${channel.id}/enable`).expect(200)).body).toMatchObject({ status: 'active' });
  expect(await received(directory, 'on-and-off', bank.paid(PAYMENT))).toBe('verified');
});

test('a channel can serve some merchants only', async () => {
  const merchant = ids.next<'merchant'>();
  const insert = statement('test.merchants.insert', 'insert into orders.merchants (id, name) values ($1, $2)');
  await inTransaction(db, 'test', (tx) => tx.query(insert, [merchant, 'served']));
  const shown = showId('merchant', merchant);
  const bank = createStripeBank();
  expect(await created(bank, 'for-one', { merchants: [shown, shown] })).toMatchObject({ merchants: [shown] });
  expect(await directory.find('for-one')).toMatchObject({ servesAll: false, merchantIds: [merchant] });
  const unknown = channelBody(bank, 'for-nobody', { merchants: [showId('merchant', ids.next())] });
  const refused = await admin('post', '', unknown).expect(400);
  expect(refused.body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'merchants' }] });
  expect(await directory.find('for-nobody')).toBeUndefined();
});

test('a name is taken once', async () => {
  await created(createStripeBank(), 'once');
  const again = await admin('post', '', channelBody(createStripeBank(), 'once')).expect(409);
  expect(again.body).toMatchObject({ code: 'name_taken' });
});

test('what could not verify a callback is refused when it is entered, without repeating a secret', async () => {
  const [alipay, wechat, stripe, adyen, standard] = everyVendorBank() as [
    VendorBank,
    VendorBank,
    VendorBank,
    VendorBank,
    VendorBank,
  ];
  const [platformKey, apiKey] = wechat.keys();
  const secret = 'SECRET-OF-THE-OPERATOR';
  const cases: readonly [object, string][] = [
    [channelBody(stripe, 'wrong', { provider: 'paypal' }), 'provider'],
    [channelBody(stripe, 'Wrong'), 'name'],
    [channelBody(stripe, 'wrong', { keys: [] }), 'keys'],
    [channelBody(stripe, 'wrong', { keys: [{ purpose: 'webhook_secret', secret }] }), 'keys[0].secret'],
    [channelBody(adyen, 'wrong', { keys: [{ purpose: 'hmac_key', secret }] }), 'keys[0].secret'],
    [channelBody(alipay, 'wrong', { keys: [{ purpose: 'alipay_public_key', secret }] }), 'keys[0].secret'],
    [channelBody(standard, 'wrong', { keys: [{ purpose: 'constructor', secret }] }), 'keys[0].purpose'],
    [channelBody(wechat, 'wrong', { keys: [apiKey] }), 'keys'],
    [channelBody(wechat, 'wrong', { keys: [apiKey, { ...platformKey, serial: undefined }] }), 'keys[1].serial'],
    [channelBody(adyen, 'wrong', { settings: { money_event: 'REFUND' } }), 'settings'],
    [channelBody(alipay, 'wrong', { settings: { seller_id: 2088 } }), 'settings'],
    [channelBody(stripe, 'wrong', { live: 'yes' }), 'live'],
    [channelBody(stripe, 'wrong', { receiving_account: 'a\u0001b' }), 'receiving_account'],
    [channelBody(stripe, 'wrong', { more: 1 }), ''],
  ];
  for (const [body, path] of cases) {
    const answer = await admin('post', '', body).expect(400);
    expect(answer.body).toMatchObject({ code: 'invalid_request' });
    expect((answer.body as { errors: { path: string }[] }).errors.map((one) => one.path)).toContain(path);
    expect(answer.text).not.toContain(secret);
  }
});

test('what is not there is not found', async () => {
  const nobody = showId('channel', ids.next());
  const key = createStripeBank().keys()[0]!;
  const channel = await created(createStripeBank(), 'there');
  await admin('get', `/${nobody}`).expect(404);
  await admin('post', `/${nobody}/disable`).expect(404);
  await admin('post', `/${nobody}/keys`, key).expect(404);
  await admin('delete', `/${channel.id}/keys/${showId('channelKey', ids.next())}`).expect(404);
  await admin('get', '/nonsense').expect(400);
  await request(app).get('/admin/channels').expect(401);
});

test('a channel has at most twenty active keys', async () => {
  const keys = Array.from({ length: 20 }, () => createStripeBank().keys()[0]!);
  const channel = await created(createStripeBank(), 'many-keys', { keys });
  const one = createStripeBank().keys()[0]!;
  await admin('post', `/${channel.id}/keys`, one).expect(409);
  await admin('delete', `/${channel.id}/keys/${channel.keys[0]!.id}`).expect(204);
  await admin('post', `/${channel.id}/keys`, one).expect(201);
});

test('the list is paged', async () => {
  const first = await admin('get', '?limit=3').expect(200);
  const page = first.body as { data: ShownChannel[]; next_cursor: string };
  expect(page.data).toHaveLength(3);
  const second = await admin('get', `?limit=3&cursor=${page.next_cursor}`).expect(200);
  const names = [...page.data, ...(second.body as { data: ShownChannel[] }).data].map((channel) => channel.name);
  expect(new Set(names).size).toBe(6);
});

test('invented names cost next to nothing, and a known channel is read once for all who ask', async () => {
  await created(createStripeBank(), 'busy');
  statements = 0;
  await Promise.all(Array.from({ length: 500 }, (_, at) => directory.find(`invented-${at}`)));
  expect(statements).toBe(1);
  expect(await directory.find('../../etc')).toBeUndefined();
  expect(await directory.find('x'.repeat(100_000))).toBeUndefined();
  await Promise.all(Array.from({ length: 500 }, () => directory.find('busy')));
  expect(statements).toBe(3);
});

test('a database that was away is asked again', async () => {
  await created(createStripeBank(), 'away');
  let away = true;
  const flaky = {
    ...db,
    query: (...args: Parameters<typeof db.query>) => (away ? Promise.reject(new Error('away')) : db.query(...args)),
  };
  const impatient = createChannelDirectory({
    db: flaky as Database<'orders'>,
    sealer,
    clock,
    registry: channelRegistry,
  });
  await expect(impatient.find('away')).rejects.toThrow('away');
  away = false;
  expect((await impatient.find('away'))?.name).toBe('away');
});
