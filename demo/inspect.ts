import { type Body, expectOk, textOf } from './client';
import { add, toMinor } from './minor-units';
import type { Scenery } from './setup';
import type { Expectations } from './expectations';
import { MERCHANTS } from './world';
import { z } from 'zod';

/** What the service says in the end, read over its API: the merchants' part with their own keys, the rest as the operator. */
export interface Findings extends Expectations {
  /** The books, by "account currency", on each account's normal side. */
  readonly books: ReadonlyMap<string, bigint>;
  /** Debits less credits, by currency. */
  readonly differences: ReadonlyMap<string, bigint>;
  /** The status of each order, by its id. */
  readonly orders: ReadonlyMap<string, string>;
  /** The names of the accounts in the books. */
  readonly names: ReadonlyMap<string, string>;
  readonly trialBalance: readonly TrialLine[];
}

const trialLine = z.object({
  account: z.string(),
  name: z.string(),
  currency: z.string(),
  debit: z.string(),
  credit: z.string(),
  balance: z.string(),
});
export type TrialLine = z.infer<typeof trialLine>;
const trialBalance = z.object({
  data: z.array(trialLine),
  totals: z.array(z.object({ currency: z.string(), difference: z.string() })),
});

type Sums = Record<keyof Omit<Findings, 'trialBalance' | 'orders' | 'names'>, Map<string, bigint>>;

export async function inspect(scenery: Scenery): Promise<Findings> {
  const sums: Sums = {
    merchants: new Map(),
    payees: new Map(),
    fees: new Map(),
    suspense: new Map(),
    pointsValue: new Map(),
    points: new Map(),
    receivable: new Map(),
    incidents: new Map(),
    states: new Map(),
    books: new Map(),
    differences: new Map(),
  };
  const orders = new Map<string, string>();
  await Promise.all([
    ...MERCHANTS.map((merchant) => inspectMerchant(scenery, merchant.key, merchant.customers, sums, orders)),
    inspectHouse(scenery, 'fees', sums.fees),
    inspectHouse(scenery, 'suspense', sums.suspense),
    inspectReceivables(scenery, sums.receivable),
    inspectIncidents(scenery, sums.incidents),
  ]);
  for (const status of orders.values()) add(sums.states, status, 1n);
  const answer = expectOk(await scenery.operator.get('/admin/trial-balance'), 'the trial balance');
  const trial = trialBalance.parse(answer);
  for (const { account, currency, balance } of trial.data) {
    add(sums.books, `${account} ${currency}`, toMinor(balance, currency));
    if (account === '5100') add(sums.pointsValue, currency, toMinor(balance, currency));
  }
  for (const { currency, difference } of trial.totals) add(sums.differences, currency, toMinor(difference, currency));
  const names = new Map(trial.data.map(({ account, name }) => [account, name]));
  return { ...sums, orders, names, trialBalance: trial.data };
}

/** As the merchant sees itself. */
async function inspectMerchant(
  scenery: Scenery,
  key: string,
  customers: readonly string[],
  sums: Sums,
  orders: Map<string, string>,
): Promise<void> {
  const client = scenery.merchants.get(key)?.client;
  if (client === undefined) throw new Error(`there is no merchant ${key}`);
  for (const row of await client.list('/v1/orders')) orders.set(textOf(row, 'id'), textOf(row, 'status'));
  for (const row of (await client.list('/v1/accounts')).filter(isMoney)) {
    const currency = textOf(row, 'currency');
    const minor = toMinor(textOf(row, 'balance'), currency);
    if (row['kind'] === 'merchant') add(sums.merchants, `${key} ${currency}`, minor);
    else add(sums.payees, `${key} ${textOf(row, 'reference')} ${currency}`, minor);
  }
  for (const customer of customers) {
    const points = expectOk(await client.get(`/v1/customers/${customer}/points`), `the points of ${customer}`);
    add(sums.points, `${key} ${customer}`, BigInt(textOf(points, 'balance')));
  }
}

function isMoney(row: Body): boolean {
  return typeof row['currency'] === 'string';
}

async function inspectHouse(scenery: Scenery, kind: string, sums: Map<string, bigint>): Promise<void> {
  for (const row of await scenery.operator.list(`/admin/accounts?kind=${kind}`)) {
    const currency = textOf(row, 'currency');
    add(sums, currency, toMinor(textOf(row, 'balance'), currency));
  }
}

/** What each channel owes by the books: account 1100, by party. */
async function inspectReceivables(scenery: Scenery, sums: Map<string, bigint>): Promise<void> {
  for (const row of await scenery.operator.list('/admin/ledger-accounts')) {
    if (row['account'] !== '1100') continue;
    const currency = textOf(row, 'currency');
    add(sums, `${textOf(row, 'party')} ${currency}`, toMinor(textOf(row, 'balance'), currency));
  }
}

async function inspectIncidents(scenery: Scenery, sums: Map<string, bigint>): Promise<void> {
  for (const row of await scenery.operator.list('/admin/incidents')) add(sums, textOf(row, 'kind'), 1n);
}
