/**
 * ISO 4217 list one (active currencies and funds that can be paid with), with the exponent of each: how many decimals
 * its minor unit has. Source: ISO 4217 maintenance agency (SIX), list one of 2026-01-01. Precious metals, the SDR and
 * testing codes are left out: nobody pays an order with them.
 */
const EXPONENT_2 =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE ' +
  'CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR ' +
  'KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB ' +
  'PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY ' +
  'TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';
const EXPONENT_0 = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF';
const EXPONENT_3 = 'BHD IQD JOD KWD LYD OMR TND';
const EXPONENT_4 = 'CLF';

declare const currencyBrand: unique symbol;
/** An upper-case ISO 4217 code that is known to be in the table. */
export type Currency = string & { readonly [currencyBrand]: true };

const EXPONENTS: ReadonlyMap<string, number> = new Map(
  (
    [
      [EXPONENT_2, 2],
      [EXPONENT_0, 0],
      [EXPONENT_3, 3],
      [EXPONENT_4, 4],
    ] as const
  ).flatMap(([codes, exponent]) => codes.split(' ').map((code) => [code, exponent] as const)),
);

export function isCurrency(code: string): code is Currency {
  return EXPONENTS.has(code);
}

/** The number of decimals of the currency's minor unit in ISO 4217. Gateways differ from it: they own their tables. */
export function exponentOf(currency: Currency): number {
  const exponent = EXPONENTS.get(currency);
  if (exponent === undefined) throw new Error(`${currency} is not a currency`);
  return exponent;
}
