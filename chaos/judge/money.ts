import { add, fromMinor, toMinor } from '../../demo/minor-units';
import type { Body } from '../caller';
import { enrolledMerchant, textOf } from '../scenery';
import { MERCHANTS } from '../world';
import type { Case, JudgedOrder } from './case';
import { type Money, expectedMoney, noMoney } from './expected-money';

/** Every balance as its owner reads it, and the books, against what must be there. */
export async function judgeMoney(known: Case, orders: readonly JudgedOrder[]): Promise<void> {
  const expected = expectedMoney(known.payments, orders);
  const found = noMoney();
  const customers = new Set(expected.points.keys());
  await Promise.all([
    ...MERCHANTS.map(({ key }) => readAccounts(known, key, found)),
    ...[...customers].map((name) => readPoints(known, name, found)),
    readHouse(known, 'fees', found.fees),
    readHouse(known, 'suspense', found.suspense),
  ]);
  const books = await readBooks(known, found);
  compare(known, 'the balance of', expected.merchants, found.merchants);
  compare(known, 'the balance of', expected.payees, found.payees);
  compare(known, 'fees in', expected.fees, found.fees);
  compare(known, 'suspense in', expected.suspense, found.suspense);
  compare(known, 'the points of', expected.points, found.points, String);
  compare(known, 'the books: what is owed by', expected.receivable, found.receivable);
  compare(known, 'the books: account', booksOf(expected), books);
}

/** As the merchant sees itself. */
async function readAccounts({ scenery }: Case, key: string, found: Money): Promise<void> {
  const rows = await enrolledMerchant(scenery.merchants, key).caller.list('/v1/accounts');
  for (const row of rows.filter(({ currency }) => typeof currency === 'string')) {
    const currency = textOf(row, 'currency');
    const minor = toMinor(textOf(row, 'balance'), currency);
    if (row['kind'] === 'merchant') add(found.merchants, `${key} ${currency}`, minor);
    else add(found.payees, `${key} ${textOf(row, 'reference')} ${currency}`, minor);
  }
}

async function readPoints({ scenery }: Case, name: string, found: Money): Promise<void> {
  const [key = '', customer = ''] = name.split(' ');
  const { caller } = enrolledMerchant(scenery.merchants, key);
  const points = await caller.expect('GET', `/v1/customers/${customer}/points`);
  add(found.points, name, BigInt(textOf(points, 'balance')));
}

async function readHouse({ scenery }: Case, kind: string, into: Map<string, bigint>): Promise<void> {
  for (const row of await scenery.operator.list(`/admin/accounts?kind=${kind}`)) {
    const currency = textOf(row, 'currency');
    add(into, currency, toMinor(textOf(row, 'balance'), currency));
  }
}

/** By "account currency", on each account's normal side. */
async function readBooks({ scenery, findings }: Case, found: Money): Promise<ReadonlyMap<string, bigint>> {
  const books = new Map<string, bigint>();
  for (const row of await scenery.operator.list('/admin/ledger-accounts')) {
    const currency = textOf(row, 'currency');
    const minor = toMinor(textOf(row, 'balance'), currency);
    add(books, `${textOf(row, 'account')} ${currency}`, minor);
    if (row['account'] === '1100') add(found.receivable, `${textOf(row, 'party')} ${currency}`, minor);
  }
  const { totals } = await scenery.operator.expect('GET', '/admin/trial-balance');
  for (const { currency, difference } of totals as readonly Body[]) {
    if (Number(difference) !== 0)
      findings.add('disagreement', `debits less credits are ${String(difference)} ${String(currency)}`);
  }
  return books;
}

function booksOf(expected: Money): ReadonlyMap<string, bigint> {
  const books = new Map<string, bigint>();
  const post = (account: string, sums: ReadonlyMap<string, bigint>): void => {
    for (const [name, minor] of sums) add(books, `${account} ${name.split(' ').at(-1) ?? ''}`, minor);
  };
  post('1100', expected.receivable);
  post('2100', expected.merchants);
  post('2200', expected.payees);
  post('2300', expected.pointsValue);
  post('2900', expected.suspense);
  post('4100', expected.fees);
  post('5100', expected.pointsValue);
  return books;
}

function compare(
  { findings }: Case,
  what: string,
  expected: ReadonlyMap<string, bigint>,
  found: ReadonlyMap<string, bigint>,
  show: (value: bigint, name: string) => string = (minor, name) => fromMinor(minor, name.split(' ').at(-1) ?? ''),
): void {
  for (const name of new Set([...expected.keys(), ...found.keys()])) {
    const should = expected.get(name) ?? 0n;
    const is = found.get(name) ?? 0n;
    if (is === should) continue;
    findings.add(
      is > should ? 'doubled' : 'lost',
      `${what} ${name} is ${show(is, name)}, and must be ${show(should, name)}`,
    );
  }
}
