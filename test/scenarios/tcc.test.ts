import { createParticipant } from '../../src/balances/participant';
import type { Branch, Leg } from '../../src/consistency/tcc/participant';
import { systemClock } from '../../src/core/clock';
import { type Gid, createIds } from '../../src/core/ids';
import type { CrashPoint } from '../support/crash-points';
import { type FaultOptions, type RaisedFault, raiseFault } from '../support/raised-faults';
import {
  PATIENT,
  attempts,
  dyingProcess,
  gidOf,
  paidAtAttempt,
  passDeadline,
  runSweep,
  settledInAHurry as settled,
  until,
} from '../support/scenario';
import { type Session, lockTable, openSession } from '../support/session';
import { createAdyenBank } from '../support/vendor-callbacks';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** The scenarios of dtm, seata and tcc-transaction, each from a signed callback to books that the audit finds sound. */
let world: World;
/** Another process on the same databases, whose attempts soon come to their deadline. */
let hasty: World;
let session: Session;
let merchant: Merchant;
let channel: Channel;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startWorld(PATIENT);
  hasty = await startWorld({ on: world, working: false, transactionDeadlineMs: 3_000, answerBudgetMs: 400 });
  session = await openSession(world.test.urls.orders);
});
beforeEach(async () => {
  [merchant, channel] = [await world.merchant(), await world.channel()];
  await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await settled(world);
  await world.mustBeSound();
});
afterAll(async () => {
  await session.end();
  await hasty.stop();
  await world.stop();
});

/** An order of 100.00 with points, so that both participants take part. */
const order = (): Promise<Json> => world.order(merchant, { customer: 'anna' });
const pay = async (one: Json, status: 204 | 503, through = world): Promise<void> => {
  const answer = await through.send(channel, world.paid(channel, one));
  expect([answer.status, answer.headers['retry-after'] !== undefined]).toEqual([status, status === 503]);
};
const statusOf = async (one: Json): Promise<string> => (await world.v1(merchant, 'get', `/orders/${one.id}`)).status;
const incidents = (one: Json): Promise<{ kind: string }[]> =>
  world.query('select kind from orders.incidents where order_id = $1::uuid', [one.id.replace(/^ord_/, '')]);
const fault = (options: FaultOptions): Promise<RaisedFault> => raiseFault((text) => session.run(text), options);
const panics = (table: string, status: string): Promise<RaisedFault> =>
  fault({ table, on: 'insert or update', when: `new.status = '${status}'`, upTo: 2 });

/** The receipt of an order while it waits: for how long, and after how many attempts. */
const waiting = (one: Json): Promise<{ seconds: number; made: number }[]> =>
  world.query(
    `select extract(epoch from r.next_try_at - clock_timestamp())::float8 as seconds,
            (select count(*)::int from orders.global_transactions t where t.receipt_id = r.id) as made
       from orders.receipts r where r.status = 'waiting' and r.order_id = $1::uuid`,
    [one.id.replace(/^ord_/, '')],
  );

/** Keeps the receipt of an order, which waits or soon will, from being settled before the test says so. */
async function putOff(one: Json): Promise<void> {
  const put = (): Promise<object[]> =>
    world.query(
      `update orders.receipts set next_try_at = clock_timestamp() + interval '1 hour'
        where status = 'waiting' and lease_token is null and order_id = $1::uuid returning id`,
      [one.id.replace(/^ord_/, '')],
    );
  await until('its receipt is put off', async () => (await put()).length === 1);
}

/** From now on the customer's points account refuses. One payment of 100.00 has been made by then. */
async function freezePoints(): Promise<void> {
  await pay(await order(), 204);
  await settled(world);
  const [{ id }] = (await world.query('select id from points.accounts where owner like $1', [
    `%${merchant.id.replace(/^mer_/, '')}%`,
  ])) as [{ id: string }];
  await world.query(`update points.accounts set status = 'frozen' where id = $1::uuid`, [id]);
}

/** The customer's account refused, everything was cancelled, and the next attempt left the points out. */
const paidWithoutPoints = [
  { status: 'cancelled', accounts: 'cancelled', points: 'cancelled', credits: 0 },
  { status: 'confirmed', accounts: 'confirmed', points: null, credits: 1 },
];

const accounts = () => createParticipant({ db: world.test.databases.accounts, ids: createIds(systemClock) });

/** The branches of a logged transaction at the fund accounts, as they were planned. */
async function branchesOf(gid: Gid): Promise<Branch[]> {
  const rows = await world.query<{ branch: string; legs: Leg[] }>(
    `select b->>'branch' as branch, b->'legs' as legs
       from orders.global_transactions t, jsonb_array_elements(t.plan->'branches') b
      where t.gid = $1::uuid and b->>'participant' = 'accounts'`,
    [gid],
  );
  return rows.map((row) => ({ gid, ...row }));
}

/** Somebody else holds a table, so that whoever writes to it waits; at the end of the test at the latest it is let go. */
async function hold(table: string): Promise<{ release(): Promise<void> }> {
  const lock = await lockTable(world.test.urls.orders, table);
  ends.push(() => lock.release());
  return lock;
}

/** Another process, which stops at a commit as if it had been killed there. */
async function process(point: CrashPoint, answerBudgetMs: number) {
  const { world: dying, mortal } = await dyingProcess(world, point, { answerBudgetMs });
  ends.push(() => dying.stop(), mortal.goOn);
  return { dying, mortal };
}

/** Waits until recovery has found the attempt past its deadline and abandoned it. */
async function deadlinePassed(one: Json): Promise<void> {
  await until(
    'the attempt is abandoned',
    async () => (await attempts(world, one))[0]?.status.startsWith('cancel') === true,
  );
}

/** Whatever the bank is told meanwhile, the payment ends credited and granted once. */
async function mustBePaidOnce(one: Json, attemptsMade: object[], balance = '100.00'): Promise<void> {
  await settled(world);
  expect(await attempts(world, one)).toEqual(attemptsMade);
  const { balance: points } = await world.v1(merchant, 'get', '/customers/anna/points');
  expect([await statusOf(one), await world.balance(merchant), points]).toEqual(['paid', balance, '100']);
}

it('normal commit: both participants are tried, the decision is made, both are confirmed', async () => {
  const one = await order();
  await pay(one, 204);
  await mustBePaidOnce(one, paidAtAttempt(1));
});

it('Try refused by one participant, so all are cancelled, and the payment is planned around the refusal', async () => {
  await freezePoints();
  const one = await order();
  await pay(one, 204);
  await mustBePaidOnce(one, paidWithoutPoints, '200.00');
  expect(await incidents(one)).toEqual([{ kind: 'points_refused' }]);
});

it('Cancel answers "ongoing" once and is repeated until it has cancelled', async () => {
  await freezePoints();
  const cancelling = { table: 'accounts.holds', on: 'update', when: `new.status = 'cancelled'` } as const;
  const ongoing = await fault({ ...cancelling, code: '55P03', upTo: 1 });
  const one = await order();
  await pay(one, 503);
  expect(await attempts(world, one)).toMatchObject([{ status: 'cancelling', accounts: 'held' }]);
  await mustBePaidOnce(one, paidWithoutPoints, '200.00');
  expect(await ongoing.times()).toBe(1);
  await ongoing.heal();
});

it('timeout while trying: the bank is told to try again, the attempt is cancelled, the next one pays', async () => {
  const lock = await hold('points.holds');
  const one = await order();
  await pay(one, 503, hasty);
  expect(await statusOf(one)).toBe('open');
  await deadlinePassed(one);
  await lock.release();
  await mustBePaidOnce(one, paidAtAttempt(2));
});

it('a second transaction on the same order waits for the first, and its money is in suspense', async () => {
  const lock = await hold('points.holds');
  const one = await order();
  const first = pay(one, 204);
  await until('the first has claimed the order', async () => (await attempts(world, one)).length === 1);
  await pay(one, 503);
  const waiting = await world.query(`select last_error from orders.receipts where status = 'waiting'`);
  expect(waiting).toEqual([{ last_error: 'waits for the claim' }]);
  await lock.release();
  await first;
  await settled(world);
  expect((await attempts(world, one)).map(({ status, points }) => [status, points])).toEqual([['confirmed', 'confirmed'], ['confirmed', null]]); // prettier-ignore
  expect([await world.balance(merchant), await world.suspense()]).toEqual(['100.00', '100.00']);
  expect(await incidents(one)).toEqual([{ kind: 'duplicate_payment' }]);
});

it('a second transaction for one receipt is refused by the database itself', async () => {
  const one = await order();
  await pay(one, 204);
  const again = session.run(
    `insert into orders.global_transactions (gid, receipt_id, order_id, pays_order, status, plan, legs_hash, deadline)
     select gen_random_uuid(), receipt_id, order_id, pays_order, 'trying', plan, legs_hash, deadline
       from orders.global_transactions where gid = '${await gidOf(world, one)}'`,
  );
  await expect(again).rejects.toThrow(/global_transactions_one_(per_receipt|pays_order)/);
  await mustBePaidOnce(one, paidAtAttempt(1));
});

it('a participant that is not reachable at Try: the bank is told to try again, and the payment settles when it is back', async () => {
  const unreachable = await fault({ table: 'points.holds', on: 'insert', code: '08006', upTo: 3 });
  const one = await order();
  await pay(one, 503);
  await mustBePaidOnce(one, paidAtAttempt(2));
  expect(await unreachable.times()).toBe(3);
  await unreachable.heal();
});

describe('a participant panics', () => {
  it('at Try: nothing is acknowledged, the attempt is cancelled, and a fresh one pays', async () => {
    const panic = await panics('points.holds', 'held');
    const one = await order();
    await pay(one, 503);
    await mustBePaidOnce(one, paidAtAttempt(3));
    await panic.heal();
  });

  it('at every Try: it is repeated with growing pauses, and at least every 8 seconds', async () => {
    const panic = await fault({ table: 'points.holds', on: 'insert', when: `new.status = 'held'` });
    const one = await order();
    await pay(one, 503);
    let last = { seconds: 0, made: 0 };
    while (last.made < 5) {
      const before = last.made;
      await until('it waits after one more attempt', async () => {
        [last = { seconds: 0, made: 0 }] = await waiting(one);
        return last.made > before;
      });
      expect(last.seconds).toBeLessThanOrEqual([1, 2, 4, 8][last.made - 1] ?? 8);
      await world.query(`update orders.receipts set next_try_at = clock_timestamp() where status = 'waiting'`);
    }
    expect(last.seconds).toBeGreaterThan(4);
    await panic.heal();
    await settled(world);
    expect(await statusOf(one)).toBe('paid');
  });

  it('at Confirm: the decision stands, and Confirm is repeated until it is done', async () => {
    const panic = await panics('points.holds', 'confirmed');
    const one = await order();
    await pay(one, 204);
    expect(await attempts(world, one)).toMatchObject([{ status: 'confirming', points: 'held' }]);
    await mustBePaidOnce(one, paidAtAttempt(1));
    expect(await panic.times()).toBe(2);
    await panic.heal();
  });

  it('at Cancel: the attempt stays abandoned, and Cancel is repeated until it is done', async () => {
    await freezePoints();
    const panic = await panics('accounts.holds', 'cancelled');
    const one = await order();
    await pay(one, 503);
    expect(await attempts(world, one)).toMatchObject([{ status: 'cancelling', accounts: 'held' }]);
    await mustBePaidOnce(one, paidWithoutPoints, '200.00');
    expect(await panic.times()).toBe(2);
    await panic.heal();
  });
});

it('business rollback after the fence row was written: the fence is as it was, and Confirm applies once', async () => {
  // The hold is set to `confirmed`, then its entry fails, in one local transaction.
  const failing = await fault({ table: 'accounts.entries', on: 'insert', upTo: 1 });
  const one = await order();
  await pay(one, 204);
  await until('the rollback', async () => (await failing.times()) === 1);
  await mustBePaidOnce(one, paidAtAttempt(1));
  await failing.heal();
});

it('disorder: two concurrent Cancels, then a late Try, and balances are unchanged', async () => {
  await pay(await order(), 204);
  await settled(world);
  const plain = await world.order(merchant);
  const { dying, mortal } = await process({ schema: 'accounts', commit: 1, side: 'before' }, 30_000);
  const answer = dying.send(channel, world.paid(channel, plain)).then(({ status }) => status);
  await mortal.stopped;
  const branches = await branchesOf(await gidOf(world, plain));
  await passDeadline(world, plain);
  await deadlinePassed(plain);
  await putOff(plain);
  const cancels = await Promise.all([accounts().cancel(branches), accounts().cancel(branches)]);
  expect(cancels).toEqual([[{ kind: 'cancelled' }], [{ kind: 'cancelled' }]]);
  const late = await accounts().try(branches);
  expect([late, await world.balance(merchant)]).toEqual([[{ kind: 'late' }], '100.00']);
  // The process of the first attempt goes on: its own Try is late, too, and it reads the receipt again.
  mortal.goOn();
  expect([204, 503]).toContain(await answer);
  await settled(world);
  expect(await attempts(world, plain)).toEqual([
    { status: 'cancelled', accounts: 'cancelled', points: null, credits: 0 },
    { status: 'confirmed', accounts: 'confirmed', points: null, credits: 1 },
  ]);
  expect(await world.balance(merchant)).toBe('200.00');
});

it('duplicate Try with other content is a mismatch and changes nothing', async () => {
  const one = await order();
  await pay(one, 204);
  await mustBePaidOnce(one, paidAtAttempt(1));
  const [branch] = await branchesOf(await gidOf(world, one));
  const other = { ...branch!, legs: branch!.legs.map((leg) => ({ ...leg, amount: '999.00' })) };
  expect(await accounts().try([other])).toEqual([{ kind: 'mismatch' }]);
  expect(await accounts().try([branch!])).toEqual([{ kind: 'held' }]);
  await mustBePaidOnce(one, paidAtAttempt(1));
});

it('Confirm without Try is refused and leaves nothing behind', async () => {
  const key = { gid: createIds(systemClock).next<'transaction'>(), branch: 'fund' };
  expect(await accounts().confirm([key])).toEqual([{ kind: 'impossible', found: 'absent' }]);
  expect(await world.query('select 1 from accounts.holds where gid = $1::uuid', [key.gid])).toEqual([]);
});

it('Cancel without Try, then Try: the Cancel leaves a tombstone, the Try comes too late and holds nothing', async () => {
  const one = await order();
  const { dying, mortal } = await process({ schema: 'accounts', commit: 1, side: 'before' }, 300);
  await dying.send(channel, world.paid(channel, one)).expect(503);
  await mortal.stopped;
  const branches = await branchesOf(await gidOf(world, one));
  await passDeadline(world, one);
  await deadlinePassed(one);
  await until('it is cancelled', async () => (await attempts(world, one))[0]!.status === 'cancelled');
  await putOff(one);
  expect(await attempts(world, one)).toMatchObject([{ accounts: 'cancelled' }]);
  expect(await accounts().try(branches)).toEqual([{ kind: 'late' }]);
  expect(await accounts().confirm(branches)).toEqual([{ kind: 'impossible', found: 'cancelled' }]);
  await mustBePaidOnce(one, paidAtAttempt(2));
});

describe('recovery of transactions that a process has left', () => {
  it('confirming: it is confirmed', async () => {
    const one = await order();
    const { dying, mortal } = await process({ schema: 'orders', commit: 2, side: 'after' }, 300);
    await dying.send(channel, world.paid(channel, one)).expect(503);
    await mortal.stopped;
    expect(await attempts(world, one)).toMatchObject([{ status: 'confirming', accounts: 'held', points: 'held' }]);
    await mustBePaidOnce(one, paidAtAttempt(1));
  });

  it('cancelling: it is cancelled, and the payment goes on with a fresh transaction', async () => {
    await freezePoints();
    const one = await order();
    const { dying, mortal } = await process({ schema: 'orders', commit: 2, side: 'after' }, 300);
    await dying.send(channel, world.paid(channel, one)).expect(503);
    await mortal.stopped;
    expect(await attempts(world, one)).toMatchObject([{ status: 'cancelling', accounts: 'held' }]);
    await mustBePaidOnce(one, paidWithoutPoints, '200.00');
  });
});

it.each([10, -10])(
  'the clock of one node is %d minutes off: it cancels nothing early and settles what it is given once',
  async (minutes) => {
    const off = minutes * 60_000;
    const clock = { now: () => new Date(Date.now() + off), elapsed: () => systemClock.elapsed() };
    const wrong = await startWorld({ on: world, clock, working: false });
    ends.push(() => wrong.stop());
    const lock = await hold('points.holds');
    const one = await order();
    const answer = pay(one, 204);
    await until('the attempt is open', async () => (await attempts(world, one)).length === 1);
    // Its recovery looks while another node is trying.
    expect(await runSweep(wrong, 'transactions')).toBe(0);
    await lock.release();
    await answer;
    await mustBePaidOnce(one, paidAtAttempt(1));
    // Adyen signs no time. What is signed with a time is stale or early to that node, and the bank calls another one.
    const adyen = await world.channel(createAdyenBank());
    const second = await world.order(merchant);
    await wrong.send(channel, world.paid(channel, second)).expect(401);
    await wrong.send(adyen, world.paid(adyen, second)).expect(200);
    await settled(world);
    expect([await statusOf(second), await world.balance(merchant)]).toEqual(['paid', '200.00']);
  },
);
