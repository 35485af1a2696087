import { randomBytes } from 'node:crypto';
import { type CrashPoint, type MortalDatabases, mortalDatabases } from '../support/crash-points';
import { type MerchantServer, startMerchantServer } from '../support/merchant-server';
import type { VendorCallback } from '../support/vendor-callbacks';
import { NO_QUEUE } from '../support/service-world';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** What the log and the receipt's attempts are when the process stops there, and how many attempts end cancelled. */
interface Case {
  readonly at: CrashPoint;
  readonly meaning: string;
  readonly found: string | undefined;
  readonly cancelled: number;
  /** The customer's points account is frozen, so that the first attempt is refused and cancelled by the flow itself. */
  readonly refused?: boolean;
}

const point = (schema: CrashPoint['schema'], commit: number, side: CrashPoint['side']): CrashPoint => ({
  schema,
  commit,
  side,
});

const CASES: readonly Case[] = [
  { at: point('orders', 1, 'before'), meaning: 'before A', found: undefined, cancelled: 0 },
  { at: point('orders', 1, 'after'), meaning: 'after A', found: 'trying', cancelled: 1 },
  { at: point('accounts', 1, 'before'), meaning: 'before B, Try of the accounts', found: 'trying', cancelled: 1 },
  { at: point('accounts', 1, 'after'), meaning: 'after B, Try of the accounts', found: 'trying', cancelled: 1 },
  { at: point('points', 1, 'before'), meaning: 'before C, Try of the points', found: 'trying', cancelled: 1 },
  { at: point('points', 1, 'after'), meaning: 'after C, Try of the points', found: 'trying', cancelled: 1 },
  { at: point('orders', 2, 'before'), meaning: 'before D, the decision', found: 'trying', cancelled: 1 },
  { at: point('orders', 2, 'after'), meaning: 'after D, the decision', found: 'confirming', cancelled: 0 },
  {
    at: point('accounts', 2, 'before'),
    meaning: 'before E, Confirm of the accounts',
    found: 'confirming',
    cancelled: 0,
  },
  { at: point('accounts', 2, 'after'), meaning: 'after E, Confirm of the accounts', found: 'confirming', cancelled: 0 },
  { at: point('points', 2, 'before'), meaning: 'before F, Confirm of the points', found: 'confirming', cancelled: 0 },
  { at: point('points', 2, 'after'), meaning: 'after F, Confirm of the points', found: 'confirming', cancelled: 0 },
  { at: point('orders', 3, 'before'), meaning: 'before the end', found: 'confirming', cancelled: 0 },
  { at: point('orders', 3, 'after'), meaning: 'after the end', found: 'confirmed', cancelled: 0 },
  { at: point('orders', 2, 'before'), meaning: 'before giving up', found: 'trying', cancelled: 2, refused: true },
  { at: point('orders', 2, 'after'), meaning: 'after giving up', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('accounts', 2, 'before'), meaning: 'before Cancel', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('accounts', 2, 'after'), meaning: 'after Cancel', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('points', 2, 'before'), meaning: 'before Cancel', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('points', 2, 'after'), meaning: 'after Cancel', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('orders', 3, 'before'), meaning: 'before the end', found: 'cancelling', cancelled: 1, refused: true },
  { at: point('orders', 3, 'after'), meaning: 'after the end', found: 'cancelled', cancelled: 1, refused: true },
  { at: point('orders', 4, 'after'), meaning: 'after A, once more', found: 'trying', cancelled: 2, refused: true },
];
const nameOf = ({ at, meaning, refused }: Case): string =>
  `${meaning} (${at.schema} ${at.commit} ${at.side}${refused === true ? ', refused' : ''})`;

interface Stopped {
  readonly world: World;
  readonly mortal: MortalDatabases;
  readonly callback: VendorCallback;
  readonly reference: string;
  readonly order: Json;
  readonly answer: Promise<number>;
  readonly found: string | undefined;
}

interface Attempt {
  readonly status: string;
  readonly credits: string;
}

/** How each attempt at a receipt stands, oldest first, and how many entries it has made on merchants' accounts. */
async function attemptsAt(world: World, reference: string): Promise<Attempt[]> {
  return world.query<Attempt>(
    `select t.status, count(e.id) as credits
       from orders.receipts r join orders.global_transactions t on t.receipt_id = r.id
       left join accounts.entries e on e.gid = t.gid
        and e.account_id in (select id from accounts.accounts where kind = 'merchant')
      where r.provider_reference = $1 group by t.gid order by t.gid`,
    [reference],
  );
}

/** Lets the time pass for which a hint to the queue is trusted. */
async function forgetHints(world: World): Promise<void> {
  for (const [table, status] of [
    ['outbox', 'due'],
    ['notifications', 'scheduled'],
  ]) {
    await world.query(`update orders.${table} set enqueued_until = clock_timestamp() where status = '${status}'`);
  }
}

describe('a process that stops at a commit', () => {
  let home: World;
  let server: MerchantServer;
  let merchant: Merchant;
  let channel: Channel;
  const recovering: World[] = [];
  const stopped = new Map<Case, Stopped>();

  const stopAt = async (one: Case): Promise<Stopped> => {
    const order = await home.order(merchant, { customer: one.refused === true ? 'frozen' : 'anna' });
    const reference = `pay${randomBytes(8).toString('hex')}`;
    const callback = home.paid(channel, order, { providerReference: reference });
    const mortal = mortalDatabases(home.test.databases, one.at);
    const world = await startWorld({
      on: { test: { ...home.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: home.masterKey },
      working: false,
      transactionDeadlineMs: 300,
      answerBudgetMs: 120_000,
    });
    const answer = world.send(channel, callback).then(({ status }) => status);
    await mortal.stopped;
    const found = (await attemptsAt(home, reference)).at(-1)?.status;
    return { world, mortal, callback, reference, order, answer, found };
  };

  beforeAll(async () => {
    home = await startWorld({ working: false });
    server = await startMerchantServer();
    [merchant, channel] = [await home.merchant(), await home.channel()];
    await home.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await home.send(channel, home.paid(channel, await home.order(merchant, { customer: 'frozen' }))).expect(204);
    const { data } = await home.admin('get', '/points-accounts?kind=customer');
    await home.admin('post', `/points-accounts/${data[0].id}/freeze`);
    await home.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
    for (const one of CASES) stopped.set(one, await stopAt(one));
    // One of the two has no queue: its sweeps do the work themselves.
    for (const test of [home.test, { ...home.test, urls: NO_QUEUE }]) {
      recovering.push(await startWorld({ on: { test, masterKey: home.masterKey } }));
    }
    for (let round = 0; round < 1_500 && !(await isQuiet()); round += 1) {
      await forgetHints(home);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await home.quiet();
  }, 300_000);

  afterAll(async () => {
    await server.close();
    for (const { mortal, world } of stopped.values()) {
      mortal.goOn();
      await world.stop();
    }
    for (const world of recovering) await world.stop();
    await home.stop();
  });

  const isQuiet = (): Promise<boolean> =>
    home.quiet(0).then(
      () => true,
      () => false,
    );

  it.each(CASES.map((one) => [nameOf(one), one] as const))('%s', async (_, one) => {
    const { found, reference, order } = stopped.get(one)!;
    expect(found).toBe(one.found);
    if (one.found === undefined) return;
    const attempts = await attemptsAt(home, reference);
    expect(attempts.map(({ status }) => status)).toEqual([...Array(one.cancelled).fill('cancelled'), 'confirmed']);
    expect(attempts.map(({ credits }) => credits)).toEqual([...Array(one.cancelled).fill('0'), '1']);
    expect(await home.v1(merchant, 'get', `/orders/${order.id}`)).toMatchObject({ status: 'paid' });
  });

  it('changes nothing when it goes on after all, and gives the bank its success', async () => {
    for (const { mortal } of stopped.values()) mortal.goOn();
    const answers = await Promise.all([...stopped.values()].map(({ answer }) => answer));
    expect(answers).toEqual(CASES.map(() => 204));
    for (const { world } of stopped.values()) await world.wired.drain();
    await forgetHints(home);
    await home.quiet();
    for (const one of CASES) {
      const attempts = await attemptsAt(home, stopped.get(one)!.reference);
      expect(attempts.filter(({ credits }) => credits !== '0')).toEqual([{ status: 'confirmed', credits: '1' }]);
    }
  });

  it('leaves every payment credited, granted and announced once', async () => {
    for (const { callback } of stopped.values()) await recovering[0]!.send(channel, callback).expect(204);
    await home.quiet();
    expect(await home.balance(merchant)).toBe(`${(CASES.length + 1) * 100}.00`);
    const granted = CASES.filter(({ refused }) => refused !== true).length * 100;
    expect(await home.v1(merchant, 'get', '/customers/anna/points')).toMatchObject({ balance: String(granted) });
    expect(await home.v1(merchant, 'get', '/customers/frozen/points')).toMatchObject({ balance: '100' });
    expect(new Set(await home.incidents())).toEqual(new Set(['points_refused']));
    expect(new Set(server.received.map(({ id }) => id)).size).toBe(CASES.length);
    await home.mustBeSound();
  });
});

it('is recovered by two processes at once, which never both do the same', async () => {
  const home = await startWorld({ working: false, transactionDeadlineMs: 300 });
  const [merchant, channel] = [await home.merchant(), await home.channel()];
  const left = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const callback = home.paid(channel, await home.order(merchant));
      const commit = index % 2 === 0 ? point('accounts', 1, 'after') : point('orders', 2, 'after');
      const mortal = mortalDatabases(home.test.databases, commit);
      const world = await startWorld({
        on: { test: { ...home.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: home.masterKey },
        working: false,
        transactionDeadlineMs: 300,
        answerBudgetMs: 100,
      });
      await world.send(channel, callback).expect(503);
      await mortal.stopped;
      return { mortal, world };
    }),
  );
  // Their leases and patience are over.
  const due = `next_try_at = clock_timestamp() - interval '1 second'`;
  await home.query(`update orders.global_transactions set ${due} where status not in ('confirmed', 'cancelled')`);
  const second = await startWorld({ on: home, working: false });
  const run = (world: World, name: string): Promise<number> =>
    world.wired.sweeps.find((sweep) => sweep.name === name)!.run();
  const found = await Promise.all([home, second, home, second].map((world) => run(world, 'transactions')));
  expect(found.reduce((sum, count) => sum + count, 0)).toBe(30);
  await home.query(`update orders.receipts set ${due} where status = 'waiting'`);
  const waited = await Promise.all([home, second, home, second].map((world) => run(world, 'receipts')));
  expect(waited.reduce((sum, count) => sum + count, 0)).toBe(15);
  await second.wired.start();
  await forgetHints(home);
  await home.quiet();
  expect(await home.balance(merchant)).toBe('3000.00');
  for (const { mortal, world } of left) {
    mortal.goOn();
    await world.stop();
  }
  expect(await home.balance(merchant)).toBe('3000.00');
  await home.mustBeSound();
  await second.stop();
  await home.stop();
}, 240_000);
