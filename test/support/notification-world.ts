import { randomBytes } from 'node:crypto';
import { type Database, type Tx, inTransaction, statement } from '../../src/consistency/transaction';
import { type Schedule } from '../../src/consistency/best-effort/schedule';
import { systemJitter } from '../../src/core/backoff';
import { systemClock } from '../../src/core/clock';
import {
  type EndpointId,
  type Ids,
  type MerchantId,
  type NotificationId,
  type OrderId,
  createIds,
} from '../../src/core/ids';
import { systemRandom } from '../../src/core/random';
import { type Sealer, createSealer } from '../../src/core/sealing';
import { createIncidents } from '../../src/incidents/incidents-store';
import { createNotifications } from '../../src/notifications/announce';
import { type Notifier, type NotifierTools, createNotifier } from '../../src/notifications/deliver';
import { createOwnFirstAttempts } from '../../src/notifications/first-attempts';
import { createHttpClient } from '../../src/notifications/http-client';
import { type Endpoints, type NewEndpoint, createEndpoints } from '../../src/notifications/manage-endpoints';
import type { Announced, Announcement, NotificationType } from '../../src/notifications/notify';
import { PATIENT_POOLS, type TestDatabases, testDatabases } from './databases';
import { idTracer, quietLogger } from './quiet';

/** Notifications without the rest of the service: merchants and orders are made by SQL. */
export interface NotificationWorld {
  readonly databases: TestDatabases;
  readonly db: Database<'orders'>;
  readonly ids: Ids;
  readonly sealer: Sealer;
  readonly endpoints: Endpoints;
  merchant(): Promise<MerchantId>;
  order(merchantId: MerchantId): Promise<OrderId>;
  endpoint(
    merchantId: MerchantId,
    url: string,
    options?: Partial<NewEndpoint>,
  ): Promise<{ id: EndpointId; secret: string }>;
  /** Announces to the merchant of one new order each; returns the ids that are due now. */
  announce(
    merchantId: MerchantId,
    orders?: readonly OrderId[],
    type?: NotificationType,
  ): Promise<readonly NotificationId[]>;
  /**
   * Announces to the merchant of a new order, in a process with this notifier, as a decision does.
   * @param spoil what else the transaction does, such as to fail
   */
  announceHere(
    merchantId: MerchantId,
    by: Notifier,
    spoil?: (tx: Tx<'orders'>, told: readonly Announcement[]) => Promise<unknown>,
  ): Promise<Announced>;
  /** Announces what was announced before once more. */
  announceAgain(told: readonly Announcement[]): Promise<Announced>;
  /** Another process's notifier, in effect: nothing is shared with the others but the database. */
  notifier(options?: Partial<NotifierTools> & { timeoutMs?: number }): Notifier;
  /** A notifier whose process dies when its first requests are out. */
  dyingNotifier(): Notifier;
  query<R extends object>(sql: string, values?: readonly unknown[]): Promise<R[]>;
  /** Makes everything that is scheduled due now, whatever its schedule says. */
  makeDue(): Promise<void>;
  close(): Promise<void>;
}

export async function notificationWorld(): Promise<NotificationWorld> {
  const databases = await testDatabases(PATIENT_POOLS);
  const db = databases.databases.orders;
  const ids = createIds(systemClock);
  const sealer = createSealer([randomBytes(32)]);
  const jitter = systemJitter;
  const endpoints = createEndpoints({ db, ids, sealer, random: systemRandom, allowPrivate: true });
  const first = createOwnFirstAttempts();
  const notifications = createNotifications({ ids, clock: systemClock, jitter, first });
  const incidents = createIncidents({ ids });
  const closing: (() => Promise<void>)[] = [];
  let statements = 0;
  const query = <R extends object>(sql: string, values: readonly unknown[] = []): Promise<R[]> =>
    db.query<R>(statement(`test.${(statements += 1)}`, sql), values);

  const order = async (merchantId: MerchantId): Promise<OrderId> => {
    const id = ids.next<'order'>();
    await query(
      `insert into orders.orders (id, merchant_id, merchant_order_no, payment_reference, amount, currency, fee)
       values ($1, $2, $3, $4, 10, 'USD', 0)`,
      [id, merchantId, id, id.replaceAll('-', '')],
    );
    return id;
  };

  const tools = { db, sealer, ids, clock: systemClock, jitter, incidents, logger: quietLogger, tracer: idTracer };
  return {
    databases,
    db,
    ids,
    sealer,
    endpoints,
    order,
    query,
    merchant: async () => {
      const id = ids.next<'merchant'>();
      await query(`insert into orders.merchants (id, name) values ($1, $2)`, [id, id]);
      return id;
    },
    endpoint: async (merchantId, url, options = {}) => {
      const schedule: Schedule = 'standard';
      const made = await endpoints.create({ merchantId, url, schedule, successRule: 'status_2xx', ...options });
      return { id: made.endpoint.id, secret: made.secret };
    },
    announce: async (merchantId, orders, type = 'order.paid') => {
      const orderIds = orders ?? [await order(merchantId)];
      const told = orderIds.map((orderId) => ({
        merchantId,
        orderId,
        type,
        data: { id: orderId, amount: '10.00' },
        traceparent: null,
      }));
      return inTransaction(db, 'test', (tx) => notifications.announce(tx, told));
    },
    announceHere: async (merchantId, by, spoil) => {
      first.start(by.first);
      const orderId = await order(merchantId);
      const data = { id: orderId, amount: '10.00' };
      const told = [{ merchantId, orderId, type: 'order.paid', data, traceparent: null } as const];
      let announced: Announced | undefined;
      await inTransaction(db, 'test', async (tx) => {
        announced = await notifications.prepare(tx, [merchantId])(told);
        await spoil?.(tx, told);
      }).catch((error: unknown) => {
        announced?.failed();
        throw error;
      });
      return announced!;
    },
    announceAgain: (told) =>
      inTransaction(db, 'test', (tx) =>
        notifications.prepare(
          tx,
          told.map((one) => one.merchantId),
        )(told),
      ),
    // The product's own patience: whoever wants to see an attempt run out of time asks for less.
    notifier: ({ timeoutMs = 15_000, ...options } = {}) => {
      const http = createHttpClient({ allowPrivate: true, timeoutMs });
      const notifier = createNotifier({ ...tools, http, ...options });
      closing.push(async () => {
        await notifier.drain();
        await http.close();
      });
      return notifier;
    },
    dyingNotifier: () => {
      const http = { post: () => new Promise<never>(() => undefined), close: () => Promise.resolve() };
      return createNotifier({ ...tools, http });
    },
    makeDue: async () => {
      await query(`update orders.notifications set next_try_at = clock_timestamp(), enqueued_until = clock_timestamp()
                    where status = 'scheduled'`);
    },
    close: async () => {
      for (const close of closing) await close();
      await databases.close();
    },
  };
}
