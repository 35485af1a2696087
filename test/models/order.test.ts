import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { type TestDatabases, testDatabases } from '../support/databases';
import { startWorld } from '../support/world';
import { type Command, ORDERED, type OrderState, type Outage, receiptKey, run } from './order-model';
import {
  CHANNELS,
  type FailingWorld,
  type SeenMoney,
  type SeenShop,
  execute,
  moneyIn,
  newOrders,
  openShop,
  recoverAll,
  seenIn,
  seenInModel,
  startFailingWorld,
  toldOf,
} from './order-world';
import { PATIENCE_MS, runs } from './runs';

/**
 * Orders and receipts over HTTP against the table "What a receipt may meet": signed callbacks, repeated, reordered and
 * contradicting each other, orders that close, expire and appear, accounts that freeze, databases that fail.
 */
const masterKey = randomBytes(32);
let test: TestDatabases;
let worlds: readonly FailingWorld[];
beforeAll(async () => {
  test = await testDatabases({ size: 20 });
  worlds = [await startFailingWorld(test, masterKey), await startFailingWorld(test, masterKey)];
});

afterAll(async () => {
  for (const { world } of worlds) await world.stop();
  await test.close();
});

const order = fc.nat(2);
const account = fc.constantFrom('merchant' as const, 'payee' as const, 'customer' as const);
const what = fc.constantFrom<Outage>('accounts', 'points', 'decision', 'decision lost', 'confirm');
const money = fc.oneof(
  { weight: 4, arbitrary: fc.constant(ORDERED) },
  { weight: 1, arbitrary: fc.constantFrom('99.00 USD', '5000 JPY') },
);
const callbackArbitrary: fc.Arbitrary<Command> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant('paid' as const) },
    { weight: 1, arbitrary: fc.constantFrom('failed' as const, 'forged' as const) },
  ),
  channel: fc.constantFrom(...CHANNELS),
  reference: fc.nat(2),
  order: fc.oneof({ weight: 9, arbitrary: order }, { weight: 1, arbitrary: fc.constant(null) }),
  money,
});
const endingArbitrary: fc.Arbitrary<Command> = fc.record({ kind: fc.constantFrom('close', 'expire', 'appear'), order });
const commandArbitrary: fc.Arbitrary<Command> = fc.oneof(
  { weight: 9, arbitrary: callbackArbitrary },
  { weight: 3, arbitrary: endingArbitrary },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('freeze', 'freeze', 'unfreeze'), account }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('out', 'back'), what }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('minute', 'recover') }) },
);

/** What fate seldom puts in a row: a payment that has claimed its order cannot go on, and just then the order shall end. */
const claimedAndEnding: fc.Arbitrary<Command[]> = fc
  .record({ order, reference: fc.nat(2), what, kind: fc.constantFrom('close' as const, 'expire' as const) })
  .map(({ order: of, reference, what: away, kind }) => [
    { kind: 'out', what: away },
    { kind: 'paid', channel: 'A', reference, order: of, money: ORDERED },
    { kind, order: of },
    { kind: 'back', what: away },
  ]);
const programArbitrary: fc.Arbitrary<Command[]> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: commandArbitrary.map((one) => [one]) },
      { weight: 2, arbitrary: claimedAndEnding },
    ),
    { maxLength: 16, size: 'max' },
  )
  .map((parts) => parts.flat());

const newState = (): OrderState => ({ orders: newOrders(), receipts: {}, failures: [], frozen: [], out: [] });

/** An account cannot be frozen where its database is away. */
function isPossible({ out }: OrderState, command: Command): boolean {
  if (command.kind !== 'freeze' && command.kind !== 'unfreeze') return true;
  return !out.includes(command.account === 'customer' ? 'points' : 'accounts');
}

const oneAfterTheOther = fc.asyncProperty(programArbitrary, async (program) => {
  const [process] = worlds as [FailingWorld];
  process.out.clear();
  const shop = await openShop(process.world);
  await process.world.wired.drain();
  const model = newState();
  for (const command of program) {
    if (!isPossible(model, command)) continue;
    const expected = run(model, command);
    expect(await execute(process, shop, command)).toBe(expected);
    await process.world.wired.drain();
    expect(await seenIn(process.world, shop)).toEqual(seenInModel(model));
  }
  process.out.clear();
  await recoverAll(process.world);
});
it('become what the model says, command by command', () => fc.assert(oneAfterTheOther, runs(30)), PATIENCE_MS);

/** Whether the table allows what became of this money, given how the orders ended. */
function isExplained(seen: SeenMoney, { orders }: SeenShop): boolean {
  const named = seen.order === null ? undefined : orders[seen.order];
  const takes = seen.order === null ? [] : newOrders()[seen.order]!.takes;
  const fits = seen.money === ORDERED && takes.includes(seen.channel);
  if (seen.outcome === 'order_paid') return fits && named?.status === 'paid';
  const reasons: Readonly<Record<string, boolean>> = {
    unidentified_payment: seen.order === null || seen.order === 2,
    duplicate_payment: named?.status === 'paid',
    late_payment: named?.status === 'closed' || named?.status === 'expired',
    currency_mismatch: seen.money.endsWith('JPY'),
    amount_mismatch: seen.money.startsWith('99'),
    channel_not_accepted: !takes.includes(seen.channel),
  };
  return seen.incidents.filter((incident) => reasons[incident] === true).length === 1;
}

/** What one merchant account, or none, refuses: nothing is frozen in a race, so all money that pays goes where it should. */
function isCredited({ outcome, entries, money, order: place }: SeenMoney): boolean {
  if (outcome === 'suspense') return entries.join() === `suspense ${Number(money.split(' ')[0])}`;
  const shared = ['customer 100', 'fees 2', 'merchant 93', 'payee 5'];
  return entries.join() === (place === 0 ? shared : ['fees 2', 'merchant 98']).join();
}

const inTwoProcesses = fc.asyncProperty(
  fc.array(fc.oneof(callbackArbitrary, fc.record({ kind: fc.constantFrom('out', 'back'), what })), { maxLength: 4 }),
  fc.array(
    fc.tuple(
      fc.nat(1),
      fc.oneof(
        { weight: 6, arbitrary: callbackArbitrary },
        { weight: 2, arbitrary: endingArbitrary },
        { weight: 1, arbitrary: fc.constant<Command>({ kind: 'recover' }) },
      ),
    ),
    { minLength: 4, maxLength: 16, size: 'max' },
  ),
  async (before, race) => {
    const [first] = worlds as [FailingWorld];
    const shop = await openShop(first.world);
    for (const command of before) await execute(first, shop, command);
    for (const { out } of worlds) out.clear();
    await Promise.all(
      race.map(async ([index, command]) => {
        const answer = await execute(worlds[index]!, shop, command);
        if (command.kind !== 'paid' || answer !== 204) return;
        // What the bank was told must be true by then.
        const said = (await moneyIn(first.world, shop)).filter(
          ({ status }) => !['decided', 'settled'].includes(status),
        );
        expect(said.filter((one) => one.key === receiptKey(command))).toEqual([]);
      }),
    );
    for (const { world } of worlds) await world.wired.drain();
    await execute(first, shop, { kind: 'minute' });
    await recoverAll(first.world);
    const [seen, money] = [await seenIn(first.world, shop), await moneyIn(first.world, shop)];
    for (const one of money) {
      expect(one).toMatchObject({ status: 'settled' });
      expect([one, isExplained(one, seen)]).toEqual([one, true]);
      expect([one, isCredited(one)]).toEqual([one, true]);
    }
    seen.orders.forEach(({ status, isClaimed, told }, index) => {
      expect(isClaimed).toBe(false);
      expect(told).toEqual(toldOf(status));
      const paying = money.filter((one) => one.order === index && one.outcome === 'order_paid');
      expect(paying).toHaveLength(status === 'paid' ? 1 : 0);
    });
  },
);
it(
  'end in a way that the table allows, whatever races in two processes',
  () => fc.assert(inTwoProcesses, runs(30)),
  PATIENCE_MS,
);

it('leave nothing that the audit does not find sound', async () => {
  const working = await startWorld({ on: { test, masterKey } });
  try {
    await working.quiet(60_000);
    await working.mustBeSound();
  } finally {
    await working.stop();
  }
}, 120_000);
