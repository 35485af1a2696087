import { createParticipant } from '../../src/balances/participant';
import type { Branch } from '../../src/consistency/tcc/participant';
import { systemClock } from '../../src/core/clock';
import { createIds } from '../../src/core/ids';
import { sendAll } from '../support/load';
import { raiseFault } from '../support/raised-faults';
import {
  PATIENT,
  attempts,
  dyingProcess,
  passDeadline,
  runSweep,
  settledInAHurry as settled,
  until,
} from '../support/scenario';
import { type Session, openSession } from '../support/session';
import { type Channel, type Json, type Merchant, type World, startWorld } from '../support/world';

/** Where ledgers of the field lost count. Debits are made at the participant itself, on accounts that payments have filled. */
const ids = createIds(systemClock);
let world: World;
let session: Session;
let merchant: Merchant;
let channel: Channel;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  world = await startWorld(PATIENT);
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

const participant = () => createParticipant({ db: world.test.databases.accounts, ids });
const code = (): string => `merchant/${merchant.id.replace(/^mer_/, '')}/USD`;
const debit = (amount: string): Branch => ({
  gid: ids.next(),
  branch: 'fund',
  legs: [{ account: code(), direction: 'out', amount }],
});
const pay = async (): Promise<Json> => {
  const one = await world.order(merchant);
  await world.send(channel, world.paid(channel, one)).expect(204);
  await settled(world);
  return one;
};
const account = async (): Promise<Json> => (await world.v1(merchant, 'get', '/accounts')).data[0];

/** Gives up debits that no transaction of the log stands behind, and forgets their tombstones, so that the audit can look. */
async function giveUp(debits: readonly Branch[]): Promise<void> {
  await participant().cancel(debits);
  await session.run(`delete from accounts.holds h where h.status = 'cancelled'
    and not exists (select 1 from orders.global_transactions t where t.gid = h.gid)`);
}

it('an overdraft race of concurrent debits: together they never take more than there is', async () => {
  await pay();
  const debits = Array.from({ length: 40 }, () => debit('7.00'));
  const answers = (await Promise.all(debits.map((one) => participant().try([one])))).flat();
  expect(answers.filter(({ kind }) => kind === 'held')).toHaveLength(14);
  expect(new Set(answers.map((one) => (one.kind === 'refused' ? one.reason : one.kind)))).toEqual(new Set(['held', 'insufficient'])); // prettier-ignore
  expect(await account()).toMatchObject({ balance: '100.00', reserved: '98.00', available: '2.00' });
  await giveUp(debits);
  expect(await account()).toMatchObject({ balance: '100.00', reserved: '0.00', available: '100.00' });
});

it('what is pending counts in the balance check: money that a hold has reserved cannot be taken again', async () => {
  await pay();
  const [first, second] = [debit('60.00'), debit('50.00')];
  expect(await participant().try([first])).toEqual([{ kind: 'held' }]);
  expect(await participant().try([second])).toEqual([{ kind: 'refused', account: code(), reason: 'insufficient' }]);
  // Money on its way in is not there yet either.
  const one = await world.order(merchant);
  const { world: dying, mortal } = await dyingProcess(world, { schema: 'orders', commit: 2, side: 'before' }, { answerBudgetMs: 300 }); // prettier-ignore
  ends.push(() => dying.stop(), mortal.goOn);
  await dying.send(channel, world.paid(channel, one)).expect(503);
  await mortal.stopped;
  expect(await account()).toMatchObject({ balance: '100.00', available: '40.00', pending: '100.00' });
  expect(await participant().try([second])).toEqual([{ kind: 'refused', account: code(), reason: 'insufficient' }]);
  await giveUp([first, second]);
  await passDeadline(world, one);
});

it('a rejected hold cannot be committed later', async () => {
  await pay();
  const rejected = debit('100.01');
  expect(await participant().try([rejected])).toMatchObject([{ kind: 'refused', reason: 'insufficient' }]);
  expect(await participant().confirm([rejected])).toEqual([{ kind: 'impossible', found: 'absent' }]);
  await giveUp([rejected]);
  expect(await participant().confirm([rejected])).toEqual([{ kind: 'impossible', found: 'absent' }]);
  expect(await account()).toMatchObject({ balance: '100.00', reserved: '0.00' });
});

it('no record is kept without its balance change: where the balance cannot be written, the entry is not there either', async () => {
  await pay();
  const failing = await raiseFault((text) => session.run(text), {
    table: 'accounts.accounts',
    on: 'update',
    when: 'new.balance <> old.balance',
  });
  const one = await world.order(merchant);
  await world.send(channel, world.paid(channel, one)).expect(204);
  await until('the balance could not be written', async () => (await failing.times()) > 0);
  expect(await attempts(world, one)).toMatchObject([{ status: 'confirming', accounts: 'held', credits: 0 }]);
  expect(await account()).toMatchObject({ balance: '100.00' });
  await failing.heal();
  await settled(world);
  expect(await attempts(world, one)).toMatchObject([{ status: 'confirmed', accounts: 'confirmed', credits: 1 }]);
  expect(await account()).toMatchObject({ balance: '200.00' });
});

it('after a burst the balance is the sum of what was answered with success, with duplicates and two processes', async () => {
  const second = await startWorld({ on: world, answerBudgetMs: 30_000 });
  const orders = await Promise.all(
    Array.from({ length: 200 }, (_, index) => world.order(merchant, { amount: `${index + 1}.00` })),
  );
  const urls = [world, second].map(({ url }) => `${url}/callbacks/${channel.name}`);
  const load = sendAll(
    orders.map((one) => world.paid(channel, one)),
    { callers: 100, url: (attempt) => urls[attempt % 2]!, twiceEvery: 3, patienceMs: 30_000 },
  );
  await load.finished(100_000);
  await settled(world);
  const answered = [...load.acknowledged].reduce((sum, index) => sum + index + 1, 0);
  const [entries] = await world.query<{ sum: string; last: string }>(
    `select sum(e.amount)::numeric(24,2)::text as sum, (array_agg(e.balance_after order by e.number desc))[1]::numeric(24,2)::text as last
       from accounts.entries e join accounts.accounts a on a.id = e.account_id where a.code = $1`,
    [code()],
  );
  expect([answered, await world.balance(merchant), entries]).toEqual([20_100, '20100.00', { sum: '20100.00', last: '20100.00' }]); // prettier-ignore
  await second.stop();
});

it('a hold does not expire while it is being confirmed: the deadline passes in between, and it is confirmed', async () => {
  const one = await world.order(merchant);
  const { world: dying, mortal } = await dyingProcess(
    world,
    { schema: 'accounts', commit: 2, side: 'before' },
    { answerBudgetMs: 30_000 },
  );
  ends.push(() => dying.stop());
  await dying.send(channel, world.paid(channel, one)).expect(204);
  await mortal.stopped;
  const passed = await world.query(
    `update orders.global_transactions set deadline = clock_timestamp(), next_try_at = clock_timestamp()
      where status = 'confirming' returning gid`,
  );
  expect(passed).toHaveLength(1);
  // Recovery, the sweep over open holds and the process itself all end it, at once.
  const ending = Promise.all([runSweep(world, 'transactions'), runSweep(world, 'open holds')]);
  mortal.goOn();
  await ending;
  await settled(world);
  expect(await attempts(world, one)).toMatchObject([{ status: 'confirmed', accounts: 'confirmed', credits: 1 }]);
  expect(await world.balance(merchant)).toBe('100.00');
});
