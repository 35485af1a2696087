import fc from 'fast-check';
import { type Currency, exponentOf } from '../../../src/core/currencies';
import { displayAmount, Exact, Money, type Rounding } from '../../../src/core/money';

const USD = 'USD' as Currency;
const minor = fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n });
const usd = (cents: bigint): Money => Money.fromMinorUnits(cents, 'USD', 2);

test.each([
  ['12.34', 'USD', '12.34'],
  ['12', 'USD', '12.00'],
  ['12.3000', 'USD', '12.30'],
  ['0', 'JPY', '0'],
  ['1234', 'JPY', '1234'],
  ['0.001', 'KWD', '0.001'],
  ['0.0001', 'CLF', '0.0001'],
  ['-5.5', 'USD', '-5.50'],
  ['-0', 'USD', '0.00'],
  ['999999999999999.99', 'USD', '999999999999999.99'],
])('%s %s is read and shown as %s', (text, currency, shown) => {
  expect(Money.parse(text, currency).toString()).toBe(shown);
});

test.each([
  '',
  ' 1',
  '1 ',
  '+1',
  '01',
  '1.',
  '.5',
  '1e3',
  '0x10',
  '1,000',
  '1.00001',
  'NaN',
  'Infinity',
  '１',
  '1\n',
  '9'.repeat(21),
  '0'.repeat(500),
])('the text %j is no amount', (text) => {
  expect(() => Money.parse(text, 'USD')).toThrow('invalid_amount');
});

test('an amount has no more decimals than its currency', () => {
  for (const [text, currency] of [
    ['1.001', 'USD'],
    ['1.5', 'JPY'],
    ['1.0001', 'KWD'],
  ] as const) {
    expect(() => Money.parse(text, currency)).toThrow('invalid_amount');
  }
  expect(Money.parse('1.0', 'JPY').toString()).toBe('1');
});

test.each(['usd', 'XYZ', '', 'XAU', 'constructor', 'USD '])('%j is no currency', (currency) => {
  expect(() => Money.parse('1', currency)).toThrow('unknown_currency');
});

test('minor units follow the exponent that the caller states, whatever ISO 4217 says', () => {
  expect(Money.fromMinorUnits('1234', 'ISK', 2).toString()).toBe('12.34');
  expect(Money.fromMinorUnits(1234n, 'CVE', 0).toString()).toBe('1234.00');
  expect(Money.fromMinorUnits('-0', 'USD', 2).toString()).toBe('0.00');
  for (const wrong of ['1.5', '', '1e3', '0x1', '9'.repeat(25)]) {
    expect(() => Money.fromMinorUnits(wrong, 'USD', 2)).toThrow('invalid_amount');
  }
  expect(() => Money.fromMinorUnits(10n ** 23n, 'USD', 2)).toThrow('invalid_amount');
  expect(() => Money.fromMinorUnits(1n, 'USD', 5)).toThrow('invalid_amount');
});

test('minor units come back exactly through text and database', () => {
  fc.assert(
    fc.property(minor, fc.constantFrom('USD', 'JPY', 'KWD', 'CLF'), (units, currency) => {
      const exponent = exponentOf(currency as Currency);
      const money = Money.fromMinorUnits(units, currency, exponent);
      expect(Money.parse(money.toString(), currency).equals(money)).toBe(true);
      expect(Money.fromDatabase(money.amount.toFixed(4), currency).toString()).toBe(money.toString());
      expect(displayAmount(money.amount.toFixed(4), currency)).toBe(money.toString());
      expect(money.amount.times(10 ** exponent).toFixed(0)).toBe(units.toString());
    }),
  );
});

test('sums are those of whole numbers', () => {
  fc.assert(
    fc.property(minor, minor, (a, b) => {
      expect(
        usd(a)
          .plus(usd(b))
          .equals(usd(a + b)),
      ).toBe(true);
      expect(
        usd(a)
          .minus(usd(b))
          .equals(usd(a - b)),
      ).toBe(true);
      expect(usd(a).compare(usd(b))).toBe(a < b ? -1 : Number(a > b));
      expect(
        usd(a)
          .atMost(usd(b))
          .equals(usd(a < b ? a : b)),
      ).toBe(true);
      expect(
        usd(a)
          .atLeast(usd(b))
          .equals(usd(a > b ? a : b)),
      ).toBe(true);
      expect(usd(a).isPositive()).toBe(a > 0n);
      expect(usd(a).isZero()).toBe(a === 0n);
    }),
  );
});

test.each<[string, string, Rounding, string]>([
  ['1.00', '0.125', 'half_up', '0.13'],
  ['1.00', '0.125', 'half_even', '0.12'],
  ['1.00', '0.135', 'half_even', '0.14'],
  ['1.00', '0.121', 'up', '0.13'],
  ['1.00', '0.129', 'down', '0.12'],
  ['-1.00', '0.125', 'half_up', '-0.13'],
  ['-0.01', '0.1', 'down', '0.00'],
])('%s times %s, %s, is %s', (amount, rate, rounding, product) => {
  expect(Money.parse(amount, 'USD').timesRounded(rate, rounding).toString()).toBe(product);
});

test('a rounded product lies within one minor unit of the exact one', () => {
  const rates = fc.integer({ min: 0, max: 100_000 }).map((millionths) => new Exact(millionths).div(1_000_000));
  fc.assert(
    fc.property(
      minor,
      rates,
      fc.constantFrom<Rounding>('half_up', 'half_even', 'up', 'down'),
      (cents, rate, rounding) => {
        const exact = usd(cents).amount.times(rate);
        const difference = usd(cents).timesRounded(rate, rounding).amount.minus(exact).abs();
        expect(difference.lt('0.01')).toBe(true);
        if (rounding.startsWith('half')) expect(difference.lte('0.005')).toBe(true);
      },
    ),
  );
});

test('two currencies are never mixed', () => {
  const euro = Money.parse('1', 'EUR');
  for (const mix of [
    () => Money.zero(USD).plus(euro),
    () => euro.minus(Money.zero(USD)),
    () => euro.compare(Money.zero(USD)),
  ]) {
    expect(mix).toThrow('do not add up');
  }
  expect(Money.parse('1', 'USD').equals(euro)).toBe(false);
});
