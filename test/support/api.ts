import { Router } from 'express';
import { pino } from 'pino';
import request from 'supertest';
import { type Accounts, createAccounts, createPayeeAccounts } from '../../src/balances/manage-accounts';
import {
  createAccountRoutes,
  createCustomerRoutes,
  createMerchantAccountRoutes,
  createPayeeAccountRoutes,
  createPointsAccountRoutes,
} from '../../src/balances/routes';
import { operatorOf } from '../../src/config-operators';
import { type Clock, systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { systemRandom } from '../../src/core/random';
import { createSealer } from '../../src/core/sealing';
import { newTrace } from '../../src/core/tracing';
import { createApp } from '../../src/http/app';
import { merchantAuthentication, operatorAuthentication } from '../../src/http/authentication';
import { idempotency } from '../../src/http/idempotency';
import { createIdempotencyKeys } from '../../src/http/idempotency-keys';
import { createIncidentRoutes } from '../../src/incidents/routes';
import { createApiKeys } from '../../src/merchants/manage-api-keys';
import { createMerchants } from '../../src/merchants/manage-merchants';
import { createMerchantRoutes } from '../../src/merchants/routes';
import type { Announcement, Notifications } from '../../src/notifications/notify';
import { createOperatorActions } from '../../src/operator-actions/record-operator-actions';
import { createCloseOrder } from '../../src/orders/close-order';
import { createCreateOrder } from '../../src/orders/create-order';
import { type ExpireOrders, createExpireOrders } from '../../src/orders/expire-orders';
import { createFindOrders } from '../../src/orders/find-orders';
import { createOrderRoutes } from '../../src/orders/routes';
import { createTerms } from '../../src/terms/manage-terms';
import { createTermsRoutes } from '../../src/terms/routes';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from './databases';
import { idTracer } from './quiet';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-only';

export interface TestApi {
  readonly test: TestDatabases;
  readonly app: ReturnType<typeof createApp>;
  readonly accounts: Accounts;
  readonly points: Accounts;
  readonly expireOrders: ExpireOrders;
  /** What was announced to merchants, in order. */
  readonly announced: Announcement[];
  readonly log: string[];
  readonly ready: { value: boolean };
  /** Lets the requests to /admin/faults/slow come to their end. */
  finishSlow(): void;
  /** A request of the operator. */
  admin(method: Method, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
  /** A new merchant with a key. */
  merchant(name?: string): Promise<TestMerchant>;
  close(): Promise<void>;
}

/** What tests read of an answer; a field that an answer does not have is undefined, and its expectation fails. */
export interface Shown {
  readonly id: string;
  readonly code: string | undefined;
  readonly status: string;
  readonly key: string;
  readonly merchant_order_no: string;
  readonly payment_reference: string;
  readonly data: readonly Shown[];
  readonly next_cursor: string | null;
  readonly errors: readonly { readonly path: string }[];
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly body: Shown;
}

/** A text of this form, in an expectation. */
export const like = (pattern: RegExp): unknown => expect.stringMatching(pattern);

export interface TestMerchant {
  readonly id: string;
  readonly key: string;
  call(method: Method, path: string, body?: object, headers?: Record<string, string>): Promise<Answer>;
}

type Method = 'get' | 'post' | 'put' | 'delete' | 'patch';

/** The HTTP application over real databases, without channels and workers. */
export async function testApi(options: { clock?: Clock } = {}): Promise<TestApi> {
  const test = await testDatabases(PATIENT_POOLS);
  const { orders: db, accounts: accountsDb, points: pointsDb } = test.databases;
  const clock = options.clock ?? systemClock;
  const ids = createIds(clock);
  const log: string[] = [];
  const logger = pino({ level: 'error' }, { write: (line: string) => void log.push(line) });
  const announced: Announcement[] = [];
  const announce = (announcements: readonly Announcement[]): Promise<readonly never[]> => {
    announced.push(...announcements);
    return Promise.resolve([]);
  };
  const notifications: Pick<Notifications, 'announce'> = { announce: (_tx, list) => announce(list) };
  const merchants = createMerchants({ db, ids });
  const apiKeys = createApiKeys({ db, ids, random: systemRandom });
  const terms = createTerms({ db, ids });
  const accounts = createAccounts({ db: accountsDb });
  const points = createAccounts({ db: pointsDb });
  const ending = { db, notifications, hint: () => undefined };
  const ready = { value: true };
  const callbacks = Router();
  callbacks.post('/:channel', (_req, res) => void res.status(204).end());
  const faults = Router();
  faults.post('/boom', () => {
    throw new Error('secret internals');
  });
  let finishSlow = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    finishSlow = resolve;
  });
  faults.post('/slow', async (_req, res) => {
    await slow;
    res.status(201).json({ slow: true });
  });
  const app = createApp({
    logger,
    ids,
    tracer: idTracer,
    ready: () => Promise.resolve({ ready: ready.value, checks: { orders: ready.value } }),
    authenticateOperator: operatorAuthentication([operatorOf('operator', OPERATOR_TOKEN)]),
    authenticateMerchant: merchantAuthentication({ clock, findKey: apiKeys.find }),
    idempotency: idempotency({
      keys: createIdempotencyKeys({ db, sealer: createSealer([Buffer.alloc(32, 7)]) }),
      logger,
    }),
    operatorActions: createOperatorActions({ db, ids, sealer: createSealer([Buffer.alloc(32, 7)]), logger }),
    callbacks,
    operator: [
      { path: '/merchants', routes: createMerchantRoutes({ merchants, apiKeys }) },
      { path: '/merchants', routes: createTermsRoutes({ terms }) },
      {
        path: '/merchants',
        routes: createPayeeAccountRoutes({
          payees: createPayeeAccounts({ db: accountsDb, ids }),
          mustBeMerchant: merchants.get,
        }),
      },
      { path: '/accounts', routes: createAccountRoutes({ accounts }) },
      { path: '/points-accounts', routes: createPointsAccountRoutes({ accounts: points }) },
      { path: '/incidents', routes: createIncidentRoutes({ db }) },
      { path: '/faults', routes: faults },
    ],
    merchant: [
      {
        path: '/orders',
        routes: createOrderRoutes({
          createOrder: createCreateOrder({ db, ids, quote: terms.quote, findAccounts: accounts.find }),
          closeOrder: createCloseOrder(ending),
          findOrders: createFindOrders({ db }),
        }),
      },
      { path: '/accounts', routes: createMerchantAccountRoutes({ accounts }) },
      { path: '/customers', routes: createCustomerRoutes({ points }) },
    ],
  });

  const caller =
    (token: string): TestApi['admin'] =>
    async (method, path, body, headers = {}) => {
      const sent = request(app)
        [method](path)
        .set({ Authorization: `Bearer ${token}`, ...headers });
      const answer = await (body === undefined ? sent : sent.send(body));
      return { status: answer.status, headers: answer.headers, text: answer.text, body: answer.body as Shown };
    };
  const admin = caller(OPERATOR_TOKEN);
  return {
    test,
    app,
    accounts,
    points,
    expireOrders: createExpireOrders({ ...ending, newTrace: () => newTrace(idTracer, 'expire order') }),
    announced,
    log,
    ready,
    finishSlow: () => {
      finishSlow();
    },
    admin,
    merchant: async (name = `merchant ${ids.token()}`) => {
      const merchant = await admin('post', '/admin/merchants', { name });
      const { id } = merchant.body;
      const made = await admin('post', `/admin/merchants/${id}/api-keys`, { name: 'test' });
      const { key } = made.body;
      return { id, key, call: caller(key) };
    },
    close: () => test.close(),
  };
}
