import { receiptsStore } from '../../src/callbacks/receipts-store';
import { inTransaction } from '../../src/consistency/transaction';
import type { Gid } from '../../src/core/ids';
import { PATIENT } from '../support/scenario';
import { lockTable } from '../support/session';
import { type Json, type World, startWorld } from '../support/world';

/**
 * What hangs on a move of the log goes out right behind it, for the whole list: what of the list somebody else has moved before
 * must be left alone.
 */
const ALONE = { ...PATIENT, working: false, transactionDeadlineMs: 60_000 };

let world: World;
/** Holds up every Try until it is released. */
let tries: Awaited<ReturnType<typeof lockTable>>;
const holdUpTries = async (): Promise<void> => {
  tries = await lockTable(world.test.urls.accounts, 'accounts.holds');
};

beforeEach(async () => {
  world = await startWorld(ALONE);
  await holdUpTries();
});
afterEach(async () => {
  await tries.release();
  await world.wired.drain();
  await world.stop();
});

const sweep = async (name: string): Promise<void> => {
  await world.wired.sweeps.find((one) => one.name === name)!.run();
  await world.wired.drain();
};

/** Until so many transactions were opened. */
const opened = async (count: number): Promise<void> => {
  while ((await world.query('select from orders.global_transactions')).length < count) await new Promise(setImmediate);
};

it('an attempt that another process gave up just before its decision tells no merchant that its order is paid', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const orders: Json[] = [await world.order(merchant), await world.order(merchant)];
  const callbacks = orders.map((order) => world.paid(channel, order));
  const told = (): Promise<object[]> =>
    world.query(
      `select o.payment_reference as "order", n.type, n.payload::jsonb #>> '{data,status}' as said
         from orders.notifications n join orders.orders o on o.id = n.order_id order by o.id`,
    );
  const paid = ({ payment_reference: of }: Json): object => ({ order: of, type: 'order.paid', said: 'paid' });

  // Both are tried, and so decided, in one list.
  const answers = Promise.all(callbacks.map((one) => world.send(channel, one).then(({ status }) => status)));
  await opened(2);
  await world.query(
    `update orders.global_transactions t set status = 'cancelling', decided_at = now(), next_try_at = now()
       from orders.orders o where o.id = t.order_id and o.payment_reference = $1`,
    [orders[1].payment_reference],
  );
  await tries.release();
  expect(await answers).toEqual([204, 503]);
  expect(await told()).toEqual([paid(orders[0])]);

  await sweep('transactions');
  await world.query(`update orders.receipts set next_try_at = now() where status = 'waiting'`);
  await sweep('receipts');
  expect(await world.send(channel, callbacks[1]!)).toMatchObject({ status: 204 });
  expect(await told()).toEqual(orders.map(paid));
});

it('a process that comes late with the end of an attempt leaves alone the attempt that followed it', async () => {
  const [merchant, channel] = [await world.merchant(), await world.channel()];
  const callback = world.paid(channel, await world.order(merchant));
  const first = world.send(channel, callback).then(({ status }) => status);
  await opened(1);
  const [given] = await world.query<{ gid: Gid }>(
    `update orders.global_transactions set status = 'cancelling', decided_at = now(), next_try_at = now() returning gid`,
  );
  await tries.release();
  expect(await first).toBe(503);
  await sweep('transactions');

  await holdUpTries();
  const second = world.send(channel, callback).then(({ status }) => status);
  await opened(2);
  // What the first process sends when it has cancelled its branches at last.
  await inTransaction(world.test.databases.orders, 'test.late_end', (tx) => {
    receiptsStore.waitAgain(tx, [given!.gid]);
    return Promise.resolve();
  });
  const [receipt] = await world.query<{ status: string }>('select status from orders.receipts');
  expect(receipt!.status).toBe('settling');
  await tries.release();
  expect(await second).toBe(204);
});
