import { type Currency, exponentOf, isCurrency } from '../../../src/core/currencies';

test.each([
  ['USD', 2],
  ['CNY', 2],
  ['JPY', 0],
  ['KRW', 0],
  ['CLP', 0],
  ['ISK', 0],
  ['UGX', 0],
  ['VND', 0],
  ['XAF', 0],
  ['XOF', 0],
  ['XPF', 0],
  ['KWD', 3],
  ['BHD', 3],
  ['TND', 3],
  ['IQD', 3],
  ['CLF', 4],
  ['CVE', 2],
  ['IDR', 2],
  ['MGA', 2],
  ['HUF', 2],
])('%s has %i decimals', (code, exponent) => {
  expect(isCurrency(code)).toBe(true);
  expect(exponentOf(code as Currency)).toBe(exponent);
});

test.each(['XAU', 'XXX', 'XTS', 'usd', 'US', 'USDT', '', '__proto__', 'BTC'])('%j is none', (code) => {
  expect(isCurrency(code)).toBe(false);
  expect(() => exponentOf(code as Currency)).toThrow();
});
