import type { MessageId } from '../../src/core/ids';
import type { CrashPoint } from '../support/crash-points';
import { lossyDatabases } from '../support/lossy-databases';
import { type FaultOptions, type RaisedFault, raiseFault } from '../support/raised-faults';
import {
  PATIENT,
  attempts,
  dyingProcess,
  gidOf,
  hurry,
  putOffMessage,
  settledInAHurry as settled,
  until,
} from '../support/scenario';
import { type Session, openSession } from '../support/session';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** The scenarios of dtm's messages: a payment is the business, its voucher is the message. */
let world: World;
let session: Session;
let merchant: Merchant;
let channel: Channel;
const SCRAPER = 'only-for-the-scraper-of-tests';
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startWorld({ ...PATIENT, operations: { metricsToken: SCRAPER } });
  session = await openSession(world.test.urls.orders);
});
beforeEach(async () => {
  [merchant, channel] = [await world.merchant(), await world.channel()];
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await settled(world);
  await world.mustBeSound();
});
afterAll(async () => {
  await session.end();
  await world.stop();
});

const fault = (options: FaultOptions): Promise<RaisedFault> => raiseFault((text) => session.run(text), options);
const pay = async (one: Json, status: 204 | 503, through = world): Promise<void> => {
  await through.send(channel, world.paid(channel, one)).expect(status);
};
const statusOf = async (one: Json): Promise<string> => (await world.v1(merchant, 'get', `/orders/${one.id}`)).status;
const idOf = (one: Json): string => one.id.replace(/^ord_/, '');

interface Message {
  readonly id: MessageId;
  readonly status: string;
  readonly attempts: number;
  readonly last_error: string | null;
}
/** The messages of an order's receipts. */
const messages = (one: Json): Promise<Message[]> =>
  world.query(
    `select o.id, o.status, o.attempts, o.last_error
       from orders.outbox o join orders.receipts r on r.id::text = o.event_key where r.order_id = $1::uuid`,
    [idOf(one)],
  );
const vouchers = async (one: Json): Promise<number> => {
  const { data } = await world.admin('get', `/vouchers?order=${one.id}`);
  return data.length;
};

async function mustBeBookedOnce(one: Json): Promise<void> {
  await settled(world);
  expect([await statusOf(one), await world.balance(merchant), await vouchers(one)]).toEqual(['paid', '100.00', 1]);
  expect(await messages(one)).toMatchObject([{ status: 'done' }]);
}

/** A payment whose message has failed, fails as long as `failing` does, and is now put off. */
async function failedAndPutOff(): Promise<{ failing: RaisedFault; one: Json; id: MessageId; made: number }> {
  const failing = await fault({ table: 'accounting.vouchers', on: 'insert' });
  const one = await world.order(merchant);
  await pay(one, 204);
  await until('it has failed', async () => (await messages(one))[0]!.last_error !== null);
  const [{ id }] = (await messages(one)) as [Message];
  await putOffMessage(world, id);
  const [{ attempts: made }] = (await messages(one)) as [Message];
  return { failing, one, id, made };
}

/** A process that loses its connection to the orders database at one of its commits there, and lives on. */
async function losing(point: CrashPoint): Promise<World> {
  const databases = lossyDatabases(world.test.databases, point);
  const one = await startWorld({ on: { ...world, test: { ...world.test, databases } }, working: false });
  ends.push(() => one.stop());
  return one;
}

it('business commit, then submit: the message is there with the decision, is submitted and consumed once', async () => {
  const one = await world.order(merchant);
  await pay(one, 204);
  expect(await messages(one)).toHaveLength(1);
  await mustBeBookedOnce(one);
});

it('business fails: there is no message, and nothing is acknowledged', async () => {
  const failing = await fault({ table: 'orders.orders', on: 'update', when: `new.status = 'paid'` });
  const one = await world.order(merchant);
  await pay(one, 503);
  expect([await statusOf(one), await messages(one), await vouchers(one)]).toEqual(['open', [], 0]);
  await failing.heal();
  await mustBeBookedOnce(one);
});

it('prepare fails: a message that cannot be written takes the business back with it', async () => {
  const failing = await fault({ table: 'orders.outbox', on: 'insert' });
  const one = await world.order(merchant);
  await pay(one, 503);
  expect([await statusOf(one), await messages(one)]).toEqual(['open', []]);
  expect(await failing.times()).toBeGreaterThan(0);
  await failing.heal();
  await mustBeBookedOnce(one);
});

it('commit fails: neither the business nor its message is there', async () => {
  const failing = await fault({ table: 'orders.outbox', on: 'insert', atCommit: true });
  const one = await world.order(merchant);
  await pay(one, 503);
  expect([await statusOf(one), await messages(one)]).toEqual(['open', []]);
  expect(await failing.times()).toBeGreaterThan(0);
  await failing.heal();
  await mustBeBookedOnce(one);
});

it('crash after commit, before submit: another process finds the message and submits it', async () => {
  const one = await world.order(merchant);
  const { world: dying, mortal } = await dyingProcess(
    world,
    { schema: 'orders', commit: 2, side: 'after' },
    { answerBudgetMs: 300 },
  );
  ends.push(() => dying.stop(), mortal.goOn);
  await pay(one, 503, dying);
  await mortal.stopped;
  expect([await statusOf(one), await messages(one)]).toMatchObject(['paid', [{ status: 'due' }]]);
  await world.query(`update orders.outbox set enqueued_until = clock_timestamp() where status = 'due'`);
  await until('the sweep has submitted it', async () => (await messages(one))[0]!.status === 'done');
  await mustBeBookedOnce(one);
});

it('timeout, then success: the answer to the commit is lost, the state is read again, and the bank hears success', async () => {
  const one = await world.order(merchant);
  await pay(one, 204, await losing({ schema: 'orders', commit: 2, side: 'after' }));
  expect(await attempts(world, one)).toHaveLength(1);
  await mustBeBookedOnce(one);
});

it('timeout, then failure: nothing was committed, the bank hears "try again", and a fresh attempt pays', async () => {
  const one = await world.order(merchant);
  await pay(one, 503, await losing({ schema: 'orders', commit: 2, side: 'before' }));
  const booked = await world.query('select 1 from accounting.vouchers where gid = $1::uuid', [await gidOf(world, one)]);
  expect([(await attempts(world, one))[0]!.credits, booked]).toEqual([0, []]);
  await mustBeBookedOnce(one);
});

it('abnormal: the consumer fails for a long time, then recovers, and every message is consumed once', async () => {
  const failing = await fault({ table: 'accounting.vouchers', on: 'insert' });
  const orders = await Promise.all(Array.from({ length: 5 }, () => world.order(merchant)));
  for (const one of orders) await pay(one, 204);
  for (let round = 0; round < 6; round += 1) await hurry(world);
  for (const one of orders) {
    const [message] = await messages(one);
    expect(message).toMatchObject({ status: 'due', last_error: 'a fault of the test' });
    expect(message!.attempts).toBeGreaterThanOrEqual(5);
    expect([await statusOf(one), await vouchers(one)]).toEqual(['paid', 0]);
  }
  await failing.heal();
  await settled(world);
  expect(await Promise.all(orders.map(vouchers))).toEqual([1, 1, 1, 1, 1]);
});

it('delayed: a message that is put off is not consumed before its time, whoever is handed it', async () => {
  const { failing, one, id, made } = await failedAndPutOff();
  await world.wired.outbox.handle([id]);
  expect(await world.wired.outbox.findOverdue(100)).not.toContain(id);
  expect(await messages(one)).toMatchObject([{ status: 'due', attempts: made }]);
  await failing.heal();
  await mustBeBookedOnce(one);
});

it('concurrent consumers of one message: one of them consumes it', async () => {
  const { failing, one, id, made } = await failedAndPutOff();
  await failing.heal();
  const second = await startWorld({ on: world, working: false });
  ends.push(() => second.stop());
  await world.query(`update orders.outbox set next_try_at = clock_timestamp() where id = $1::uuid`, [id]);
  await Promise.all([world, second, world, second, world, second].map(({ wired }) => wired.outbox.handle([id])));
  expect(await messages(one)).toMatchObject([{ status: 'done', attempts: made + 1 }]);
  await mustBeBookedOnce(one);
});

it('alert after N attempts: an incident names the message, its attempts and its error, and the metrics count it', async () => {
  const stuck = async (): Promise<Json[]> => (await world.admin('get', '/incidents?kind=voucher_stuck')).data;
  const before = (await stuck()).length;
  const failing = await fault({ table: 'accounting.vouchers', on: 'insert' });
  const one = await world.order(merchant);
  await pay(one, 204);
  const [{ id }] = (await messages(one)) as [Message];
  const told = async (): Promise<Json[]> => (await stuck()).filter(({ facts }) => facts.message === id);
  await until('a person is told', async () => {
    await hurry(world);
    return (await told()).length > 0;
  });
  expect(await told()).toHaveLength(1);
  // As it was told first: more attempts may have been made since.
  const { history } = await world.admin('get', `/incidents/${(await told())[0].id}`);
  expect(history[0]).toMatchObject({ kind: 'opened', facts: { attempts: '10', error: 'a fault of the test' } });
  const { text } = await world.http.get('/metrics').set('Authorization', `Bearer ${SCRAPER}`);
  const counted = /^quittance_incidents_open\{.*kind="voucher_stuck".*\} (\d+)$/m.exec(text)?.[1];
  expect(Number(counted) - before).toBe(1);
  await failing.heal();
  await mustBeBookedOnce(one);
});

it('a message of a version that the consumer does not know waits, names the version, and hurts no other', async () => {
  const { failing, one: newer, id } = await failedAndPutOff();
  await world.query('update orders.outbox set version = version + 1 where id = $1::uuid', [id]);
  await failing.heal();
  const plain = await world.order(merchant);
  await pay(plain, 204);
  const isNamed = /^version \d+ of the message is not known$/;
  await until('both were consumed', async () => {
    await hurry(world);
    return isNamed.test((await messages(newer))[0]!.last_error ?? '') && (await vouchers(plain)) > 0;
  });
  expect([await vouchers(plain), await vouchers(newer)]).toEqual([1, 0]);
  // A consumer that knows the version is installed.
  await world.query('update orders.outbox set version = version - 1 where id = $1::uuid', [id]);
  await settled(world);
  expect([await vouchers(plain), await vouchers(newer)]).toEqual([1, 1]);
});
