import fc from 'fast-check';
import { compare, compareMerchants } from '../../demo/compare';
import { type Expectations, expectationsOf } from '../../demo/expectations';
import type { Findings } from '../../demo/inspect';
import { fromMinor } from '../../demo/minor-units';
import { FEWEST_ORDERS, type PlannedOrder, SCENARIOS, planOrders } from '../../demo/plan';
import type { Story } from '../../demo/stories';
import { feeOf, pointsOf } from '../../demo/terms';
import { CHANNELS, MERCHANTS, channelNamed } from '../../demo/world';
import { Money } from '../../src/core/money';
import { feeOf as feeOfService } from '../../src/terms/fee-plan';
import { pointsOf as pointsOfService } from '../../src/terms/points-rule';

const TERMS = MERCHANTS.flatMap((merchant) => merchant.currencies);

describe('what the demo computes by itself', () => {
  it('is what the service computes, for every fee plan and points rule', () => {
    const cases = fc.record({ terms: fc.constantFrom(...TERMS), minor: fc.bigInt(1n, 50_000_000n) });
    fc.assert(
      fc.property(cases, ({ terms: { currency, fee, points }, minor }) => {
        const amount = Money.parse(fromMinor(minor, currency), currency);
        const plan = { minimum: null, maximum: null, ...fee };
        expect(fromMinor(feeOf(fee, minor, currency), currency)).toBe(feeOfService(plan, amount).toString());
        const rule = points && { pointsPerUnit: points.points_per_unit, pointValue: points.point_value };
        const own = pointsOf(points, minor, currency);
        const theirs = pointsOfService(rule, amount);
        expect(String(own.points)).toBe(theirs.points);
        expect(fromMinor(own.value, currency)).toBe(theirs.value.toString());
      }),
    );
  });
});

describe('the plan of the demo', () => {
  it('lets everything happen at least once, through every channel, and is the same for the same seed', () => {
    const orders = planOrders(400, 5);
    expect(orders).toHaveLength(400);
    expect(orders).toEqual(planOrders(400, 5));
    expect(orders).not.toEqual(planOrders(400, 6));
    for (const few of [orders, planOrders(FEWEST_ORDERS, 5)]) {
      expect(new Set(few.map((order) => order.scenario))).toEqual(new Set(Object.keys(SCENARIOS)));
    }
    expect(new Set(orders.map((order) => order.channel))).toEqual(new Set(CHANNELS.map(({ name }) => name)));
    for (const { channel, otherChannel, currency } of orders) {
      expect(channelNamed(channel).currencies).toContain(currency);
      expect(channelNamed(otherChannel).currencies).toContain(currency);
      expect(otherChannel).not.toBe(channel);
    }
  });
});

const ORDER: PlannedOrder = {
  number: 'AU-0001',
  scenario: 'plain',
  merchant: 'aurora',
  currency: 'EUR',
  minor: 2_000n,
  customer: 'ada',
  splits: [{ payee: 'promoter-ingrid', minor: 100n }],
  channel: 'stripe-dublin',
  otherChannel: 'adyen-amsterdam',
  begins: 0,
};
const STORY: Story = { order: ORDER, id: 'ord_1', status: 'paid', effects: [{ kind: 'paid' }] };
const BANK = {
  acknowledged: [{ channel: 'stripe-dublin', currency: 'EUR', payments: 1, minor: 2_000n }],
  waiting: [],
};

/** What the service would show if it did everything right. */
function perfect(expected: Expectations): Findings {
  const books = new Map([
    ['1100 EUR', 2_000n],
    ['2100 EUR', 1_847n],
    ['2200 EUR', 100n],
    ['4100 EUR', 53n],
    ['2300 EUR', 30n],
    ['5100 EUR', 30n],
  ]);
  return {
    ...expected,
    books,
    differences: new Map([['EUR', 0n]]),
    orders: new Map([['ord_1', 'paid']]),
    names: new Map(),
    trialBalance: [],
  };
}

describe('the comparison at the end of the demo', () => {
  const expected = expectationsOf([STORY], [], BANK);

  it('is content with a service that did everything right', () => {
    expect(expected.merchants).toEqual(new Map([['aurora EUR', 1_847n]]));
    expect(compare(expected, perfect(expected), [STORY])).toEqual([]);
  });

  it.each(['merchants', 'payees', 'fees', 'suspense', 'points', 'pointsValue', 'receivable', 'books'] as const)(
    'notices one minor unit too many in %s',
    (place) => {
      const found = perfect(expected);
      const [name = 'EUR'] = found[place].keys();
      const changed = new Map(found[place]).set(name, (found[place].get(name) ?? 0n) + 1n);
      expect(compare(expected, { ...found, [place]: changed }, [STORY])).toHaveLength(1);
    },
  );

  it('notices an incident too many, an order in a wrong state, and debits that are not credits', () => {
    const found = perfect(expected);
    const with1 = (change: Partial<Findings>): readonly string[] => compare(expected, { ...found, ...change }, [STORY]);
    expect(with1({ incidents: new Map([['late_payment', 1n]]) })).toEqual([
      'the number of incidents late_payment is 1, expected 0',
    ]);
    expect(with1({ orders: new Map([['ord_1', 'open']]) })).toEqual(['order AU-0001 (plain) is open, expected paid']);
    expect(with1({ differences: new Map([['EUR', -1n]]) })).toHaveLength(1);
  });

  it('notices a merchant who was told nothing, something else, or of an order that is open', () => {
    const report = { attempts: 0, taken: 0, failed: {}, told: 0, repeats: 0, wrong: [], states: {} };
    expect(compareMerchants({ ...report, states: { ord_1: 'paid' } }, {}, [STORY])).toEqual([]);
    expect(compareMerchants(report, { ord_1: 'paid' }, [STORY])).toEqual([]);
    expect(compareMerchants(report, {}, [STORY])).toHaveLength(1);
    expect(compareMerchants({ ...report, states: { ord_1: 'closed' } }, {}, [STORY])).toHaveLength(1);
    expect(compareMerchants({ ...report, states: { ord_1: 'paid' } }, {}, [{ ...STORY, status: 'open' }])).toHaveLength(
      1,
    );
    expect(compareMerchants({ ...report, states: { ord_2: 'paid' } }, { ord_1: 'paid' }, [STORY])).toHaveLength(1);
  });
});
