import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import pino, { type Logger } from 'pino';
import supertest from 'supertest';
import { type AuditReport, formatAudit, runAudit } from '../../src/audit/run-audit';
import type { Config } from '../../src/config';
import { OPERATIONS_DEFAULTS, type OperationsConfig } from '../../src/config-operations';
import { RETENTION_DEFAULTS, type RetentionConfig } from '../../src/config-retention';
import { type Clock, systemClock } from '../../src/core/clock';
import { type Database, type Databases, type Row, statement } from '../../src/consistency/transaction';
import { createSealer } from '../../src/core/sealing';
import { NO_TELEMETRY } from '../../src/telemetry/telemetry';
import { type Wired, wire } from '../../src/wiring';
import { createPools } from '../../src/database/pools';
import { PATIENT_POOLS, type TestDatabaseOptions, type TestDatabases, testDatabases } from './databases';
import {
  type VendorBank,
  type VendorCallback,
  type VendorPayment,
  createStandardWebhooksBank,
} from './vendor-callbacks';

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-only';

export interface WorldOptions extends TestDatabaseOptions {
  readonly redisUrl?: string;
  readonly answerBudgetMs?: number;
  readonly transactionDeadlineMs?: number;
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly reconciliationDir?: string;
  readonly reconciliationDatabase?: Database<'orders'>;
  readonly operations?: Partial<OperationsConfig>;
  readonly retention?: Partial<RetentionConfig>;
  /** Another process on the databases of this world. */
  readonly on?: { readonly test: TestDatabases; readonly masterKey: Buffer };
  /** What is put around the databases of the service. */
  readonly around?: (databases: Databases) => Databases;
  /** Operators beside the one whose token is OPERATOR_TOKEN. */
  readonly operators?: Config['namedOperators'];
  /** Whether the workers and sweeps run by themselves; without them the test runs what it needs. */
  readonly working?: boolean;
}

export interface Merchant {
  readonly id: string;
  readonly key: string;
}

/** An answer of the API, whose shape the contract tests check; here a test says what it expects of it. */
export type Json = ReturnType<typeof JSON.parse>;

export interface Channel {
  readonly name: string;
  readonly account: string;
  readonly bank: VendorBank;
}

export type World = Awaited<ReturnType<typeof startWorld>>;

/** The whole service in this process, over HTTP, on real databases of its own, with callbacks that vendors' SDKs have signed. */
export async function startWorld(options: WorldOptions = {}) {
  const test: TestDatabases =
    options.on?.test ?? (await testDatabases({ statementTimeoutMs: PATIENT_POOLS.statementTimeoutMs, ...options }));
  const masterKey = options.on?.masterKey ?? randomBytes(32);
  const config: Config = {
    dataDir: '',
    urls: test.urls,
    logLevel: 'silent',
    databasePoolSize: 10,
    redisUrl: options.redisUrl,
    host: '127.0.0.1',
    port: 0,
    masterKeys: [masterKey],
    operatorToken: OPERATOR_TOKEN,
    namedOperators: options.operators ?? [],
    allowPrivateEndpoints: true,
    endpointFailingHours: 72,
    // Below the deadline, and longer than the product's, because a busy machine must not turn a callback away.
    answerBudgetMs: options.answerBudgetMs ?? 9_000,
    transactionDeadlineMs: options.transactionDeadlineMs ?? 10_000,
    telemetry: NO_TELEMETRY,
    reconciliationDir: options.reconciliationDir,
    // Of every test world the day's work begins at no hour at which tests might run: a test that wants it asks for it.
    reconciliationCron: '0 0 29 2 *',
    retention: { ...RETENTION_DEFAULTS, ...options.retention },
    operations: { ...OPERATIONS_DEFAULTS, ...options.operations },
  };
  const logger = options.logger ?? pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const wired: Wired = wire({
    config,
    databases: options.around?.(test.databases) ?? test.databases,
    urls: test.urls,
    logger,
    clock: options.clock ?? systemClock,
    ...(options.reconciliationDatabase === undefined ? {} : { reconciliationDatabase: options.reconciliationDatabase }),
  });
  if (options.working !== false) await wired.start();
  const server = wired.app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const http = supertest(server);

  const query = <R extends object = Row>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    test.databases.orders.query<R>(statement(`test.${text}`.slice(0, 60) + String(text.length), text), values);

  const admin = async (method: 'get' | 'post' | 'put' | 'delete', path: string, body?: object): Promise<Json> => {
    const answer = await http[method](`/admin${path}`).set('Authorization', `Bearer ${OPERATOR_TOKEN}`).send(body);
    if (answer.status >= 400) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  const v1 = async (merchant: Merchant, method: 'get' | 'post', path: string, body?: object): Promise<Json> => {
    const answer = await http[method](`/v1${path}`).set('Authorization', `Bearer ${merchant.key}`).send(body);
    if (answer.status >= 400) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.body;
  };

  const nothingLeft = async (unfinished: string, withinMs: number): Promise<void> => {
    const deadline = Date.now() + withinMs;
    for (;;) {
      const [left] = await query<{ what: string; count: string }>(unfinished);
      if (left === undefined) return;
      if (Date.now() > deadline) throw new Error(`still unfinished: ${left.count} ${left.what}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };

  const auditPools = options.on === undefined ? createPools(test.urls, { size: 2, plans: 'by_cost' }) : undefined;
  const audit = (patienceMs = 5_000): Promise<AuditReport> =>
    runAudit({
      databases: auditPools?.databases ?? test.databases,
      sealer: createSealer([masterKey]),
      patienceMs,
      pauseMs: 200,
    });

  return {
    test,
    masterKey,
    wired,
    metrics: wired.metrics,
    http,
    /** Where it listens, for callers of their own. */
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    query,
    admin,
    v1,

    merchant: async (): Promise<Merchant> => {
      const { id } = await admin('post', '/merchants', { name: `Shop ${randomBytes(6).toString('hex')}` });
      const { key } = await admin('post', `/merchants/${id}/api-keys`, { name: 'test' });
      return { id, key };
    },

    channel: async (bank: VendorBank = createStandardWebhooksBank('v1'), changes: object = {}): Promise<Channel> => {
      const suffix = randomBytes(6).toString('hex');
      const name = `${bank.provider.replaceAll('_', '-')}-${suffix}`;
      const account = `ACC${suffix}`;
      await admin('post', '/channels', {
        name,
        provider: bank.provider,
        receiving_account: account,
        live: true,
        merchants: 'all',
        keys: bank.keys(),
        ...changes,
      });
      return { name, account, bank };
    },

    order: (merchant: Merchant, changes: object = {}): Promise<Json> =>
      v1(merchant, 'post', '/orders', {
        merchant_order_no: randomBytes(6).toString('hex'),
        amount: '100.00',
        currency: 'USD',
        ...changes,
      }),

    /** A genuine callback for the order, with what the test wants different. */
    paid: (channel: Channel, order: Json, changes: Partial<VendorPayment> = {}): VendorCallback =>
      channel.bank.paid(payment(channel, order, changes)),

    payment,

    /** As a text, because supertest would serialise a Buffer by its content type. */
    send: (channel: Channel, { headers, body }: VendorCallback) =>
      http.post(`/callbacks/${channel.name}`).set(headers).send(body.toString()),

    balance: async (merchant: Merchant, currency = 'USD'): Promise<string> => {
      const { data } = await v1(merchant, 'get', '/accounts?limit=100');
      const own = data.find((one: Json) => one.kind === 'merchant' && one.currency === currency);
      return own?.balance ?? 'none';
    },

    suspense: async (currency = 'USD'): Promise<string> => {
      const { data } = await admin('get', '/accounts?kind=suspense&limit=100');
      return data.find((one: Json) => one.currency === currency)?.balance ?? 'none';
    },

    incidents: async (): Promise<string[]> => {
      const { data } = await admin('get', '/incidents?limit=100');
      return data.map((one: Json) => one.kind).sort();
    },

    /** Whether nothing is under way. */
    isQuiet: async (): Promise<boolean> => (await query(UNFINISHED)).length === 0,

    /** Resolves when nothing is under way any more; fails where that does not happen in time. */
    quiet: (withinMs = 60_000): Promise<void> => nothingLeft(UNFINISHED, withinMs),

    /** The same, whatever merchants have not heard yet. */
    settled: (withinMs = 60_000): Promise<void> => nothingLeft(UNSETTLED, withinMs),

    audit: () => audit(),

    /** Fails with the table of the audit where a guarantee is broken. */
    mustBeSound: async (): Promise<void> => {
      const report = await audit(30_000);
      if (!report.ok) throw new Error(formatAudit(report));
    },

    stop: async (): Promise<void> => {
      await new Promise((resolve) => server.close(resolve));
      await wired.drain();
      await wired.stop();
      await auditPools?.close();
      if (options.on === undefined) await test.close();
    },
  };
}

function payment(channel: Channel, order: Json, changes: Partial<VendorPayment> = {}): VendorPayment {
  return {
    providerReference: `pay${randomBytes(8).toString('hex')}`,
    ...(order.payment_reference === undefined ? {} : { paymentReference: order.payment_reference }),
    amount: order.amount,
    currency: order.currency,
    account: channel.account,
    live: true,
    ...changes,
  };
}

const WORK = `
    select 'receipts' as what, count(*) from orders.receipts where status <> 'settled'
    union all select 'transactions', count(*) from orders.global_transactions where status not in ('confirmed', 'cancelled')
    union all select 'messages', count(*) from orders.outbox where status <> 'done'`;
const UNSETTLED = `select what, count from (${WORK}) w where count > 0`;
const UNFINISHED = `
  select what, count from (${WORK}
    union all select 'notifications', count(*) from orders.notifications where status = 'scheduled') w
   where count > 0`;
