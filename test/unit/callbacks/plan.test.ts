import fc from 'fast-check';
import { Money } from '../../../src/core/money';
import {
  type PlannedOrder,
  type PlannedReceipt,
  legsHash,
  planPayment,
  planSuspense,
} from '../../../src/callbacks/plan';

const usd = (amount: string): Money => Money.parse(amount, 'USD');
const receipt = (changes: Partial<PlannedReceipt> = {}): PlannedReceipt => ({
  channel: 'cards',
  money: usd('100.00'),
  refusals: [],
  facts: { channel: 'cards' },
  ...changes,
});
const order = (changes: Partial<PlannedOrder> = {}): PlannedOrder => ({
  merchantId: 'm1',
  customer: 'c1',
  fee: usd('2.50'),
  splits: [{ account: 'payee/p1', amount: usd('10.00') }],
  points: '100',
  pointsValue: usd('1.00'),
  ...changes,
});

it('credits the merchant net of fee and splits, and grants the points', () => {
  const plan = planPayment(receipt(), order());
  expect(plan.credits).toEqual([
    { to: 'merchant', party: 'm1', amount: '87.50' },
    { to: 'fees', party: '', amount: '2.50' },
    { to: 'payee', party: 'payee/p1', amount: '10.00' },
  ]);
  expect(plan.branches.map((branch) => branch.participant)).toEqual(['accounts', 'points']);
  expect(plan).toMatchObject({ outcome: 'order_paid', gross: '100.00', pointsValue: '1.00', incidents: [] });
});

it('leaves out legs of zero and a branch of no points', () => {
  const plan = planPayment(receipt(), order({ fee: usd('100.00'), splits: [], points: '0', pointsValue: usd('0.00') }));
  expect(plan.credits).toEqual([{ to: 'fees', party: '', amount: '100.00' }]);
  expect(plan.branches).toHaveLength(1);
  expect(plan.pointsValue).toBeNull();
});

it('puts the gross into suspense and grants no points when the fund account has refused', () => {
  const refusals = [{ participant: 'accounts', account: 'merchant/m1/USD', reason: 'frozen' as const }];
  const plan = planPayment(receipt({ refusals }), order());
  expect(plan.credits).toEqual([{ to: 'suspense', party: '', amount: '100.00' }]);
  expect(plan.branches).toHaveLength(1);
  expect(plan).toMatchObject({ outcome: 'order_paid', pointsValue: null });
  expect(plan.incidents.map((incident) => incident.kind)).toEqual(['account_refused']);
});

it('puts only the refused split into suspense', () => {
  const refusals = [{ participant: 'accounts', account: 'payee/p1', reason: 'closed' as const }];
  const plan = planPayment(receipt({ refusals }), order());
  expect(plan.credits).toContainEqual({ to: 'suspense', party: '', amount: '10.00' });
  expect(plan.credits).toContainEqual({ to: 'merchant', party: 'm1', amount: '87.50' });
  expect(plan.branches).toHaveLength(2);
  expect(plan.incidents.map((incident) => incident.kind)).toEqual(['split_refused']);
});

it('credits the merchant without points when the points account has refused', () => {
  const refusals = [{ participant: 'points', account: 'customer/m1/c1', reason: 'frozen' as const }];
  const plan = planPayment(receipt({ refusals }), order());
  expect(plan.branches.map((branch) => branch.participant)).toEqual(['accounts']);
  expect(plan).toMatchObject({ outcome: 'order_paid', pointsValue: null });
  expect(plan.incidents.map((incident) => incident.kind)).toEqual(['points_refused']);
});

it('puts what really arrived into suspense', () => {
  const plan = planSuspense(receipt({ money: Money.parse('9000', 'JPY') }), null, 'currency_mismatch');
  expect(plan).toMatchObject({ outcome: 'suspense', currency: 'JPY', gross: '9000' });
  expect(plan.branches[0]?.legs).toEqual([
    {
      account: 'suspense/JPY',
      direction: 'in',
      amount: '9000',
      opens: { kind: 'suspense', owner: 'quittance', unit: 'JPY' },
    },
  ]);
});

it('always adds up to the gross, in positive legs, whatever has refused', () => {
  const cents = fc.integer({ min: 0, max: 2_000 });
  fc.assert(
    fc.property(
      cents,
      fc.array(cents, { maxLength: 4 }),
      cents,
      fc.integer({ min: 0, max: 7 }),
      (fee, splits, net, mask) => {
        const money = (minor: number): Money => Money.fromMinorUnits(String(minor), 'USD', 2);
        const gross = fee + net + splits.reduce((sum, split) => sum + split, 0);
        fc.pre(gross > 0);
        const accounts = ['merchant/m1/USD', 'payee/p0', 'customer/m1/c1'];
        const refusals = accounts
          .filter((_, index) => (mask >> index) % 2 === 1)
          .map((account) => ({ participant: 'accounts', account, reason: 'frozen' as const }));
        const plan = planPayment(
          receipt({ money: money(gross), refusals }),
          order({
            fee: money(fee),
            splits: splits.map((split, n) => ({ account: `payee/p${n}`, amount: money(split) })),
          }),
        );
        const legs = plan.branches[0]?.legs ?? [];
        const total = legs.reduce(
          (sum, leg) => sum.plus(Money.parse(leg.amount, 'USD')),
          Money.zero(money(0).currency),
        );
        expect(total.equals(money(gross))).toBe(true);
        expect(new Set(legs.map((leg) => leg.account)).size).toBe(legs.length);
      },
    ),
  );
});

it('hashes the legs and not how an account would be opened', () => {
  const plan = planPayment(receipt(), order());
  const bare = {
    branches: plan.branches.map((branch) => ({
      ...branch,
      legs: branch.legs.map(({ account, direction, amount }) => ({ account, direction, amount })),
    })),
  };
  expect(legsHash(bare)).toBe(legsHash(plan));
  expect(legsHash(planPayment(receipt(), order({ points: '99' })))).not.toBe(legsHash(plan));
});
