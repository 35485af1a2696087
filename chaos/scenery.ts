import { setTimeout as wait } from 'node:timers/promises';
import type { Bank } from './bank';
import { type Body, type Caller, createCaller } from './caller';
import type { Findings } from './findings';
import type { MerchantServers } from './merchant-servers';
import type { Service } from './services';
import { CHANNELS, FROZEN_CUSTOMER, MERCHANTS, type Merchant } from './world';

/** A merchant as the service knows it. */
export interface EnrolledMerchant {
  readonly id: string;
  readonly caller: Caller;
  /** The accounts of its payees, by their names. */
  readonly payees: ReadonlyMap<string, string>;
}

/** What an operator has set up. */
export interface Scenery {
  readonly operator: Caller;
  readonly merchants: ReadonlyMap<string, EnrolledMerchant>;
}

/** Seconds: never over before a run is, also for whoever fails often. */
const SCHEDULE = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5, ...Array.from({ length: 15 }, () => 10)];

export async function setUp(deps: {
  readonly services: readonly Service[];
  readonly operatorToken: string;
  readonly bank: Bank;
  readonly servers: MerchantServers;
  readonly findings: Findings;
}): Promise<Scenery> {
  const { services, findings, bank, servers } = deps;
  const operator = createCaller(services, deps.operatorToken, findings);
  for (const { name, provider, receivingAccount, live } of CHANNELS) {
    await operator.expect('POST', '/admin/channels', {
      ...{ name, provider, live, merchants: 'all' },
      receiving_account: receivingAccount,
      keys: bank.keys(name),
    });
  }
  const enrolled = await Promise.all(
    MERCHANTS.map(async (merchant) => {
      const { id, key, payees } = await enrol(operator, merchant);
      const endpoint = await operator.expect('POST', `/admin/merchants/${id}/endpoints`, {
        url: servers.url(merchant.key),
        schedule: SCHEDULE,
      });
      servers.meet(merchant, textOf(endpoint, 'secret'));
      return [merchant.key, { id, caller: createCaller(services, key, findings), payees }] as const;
    }),
  );
  return { operator, merchants: new Map(enrolled) };
}

async function enrol(
  operator: Caller,
  { key: name, currency, fee, points, payees: references }: Merchant,
): Promise<{ id: string; key: string; payees: ReadonlyMap<string, string> }> {
  const id = textOf(await operator.expect('POST', '/admin/merchants', { name }), 'id');
  const path = `/admin/merchants/${id}`;
  const key = textOf(await operator.expect('POST', `${path}/api-keys`, { name: 'chaos' }), 'key');
  await operator.expect('PUT', `${path}/fee-plans/${currency}`, { ...fee });
  if (points !== undefined) await operator.expect('PUT', `${path}/points-rules/${currency}`, { ...points });
  const payees = new Map<string, string>();
  for (const reference of references) {
    payees.set(reference, textOf(await operator.expect('POST', `${path}/accounts`, { reference, currency }), 'id'));
  }
  return { id, key, payees };
}

/** Freezes what must refuse, which must have been paid once to be there. */
export async function freezeAccounts({ operator, merchants }: Scenery): Promise<void> {
  for (const { key, frozen } of MERCHANTS) {
    const { id } = enrolledMerchant(merchants, key);
    if (frozen) await freeze(operator, '/admin/accounts', `owner=${id}&kind=merchant`, () => true);
  }
  const { id } = enrolledMerchant(merchants, MERCHANTS[0]?.key ?? '');
  const isIcy = (row: Body): boolean => row['customer'] === FROZEN_CUSTOMER;
  await freeze(operator, '/admin/points-accounts', `owner=${id}&kind=customer`, isIcy);
}

async function freeze(operator: Caller, path: string, query: string, wanted: (row: Body) => boolean): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const account = (await operator.list(`${path}?${query}`)).find(wanted);
    if (account !== undefined) {
      await operator.expect('POST', `${path}/${textOf(account, 'id')}/freeze`, {});
      return;
    }
    await wait(50);
  }
  throw new Error(`there is no account to freeze: ${path}?${query}`);
}

export function enrolledMerchant(merchants: Scenery['merchants'], key: string): EnrolledMerchant {
  const found = merchants.get(key);
  if (found === undefined) throw new Error(`there is no merchant ${key}`);
  return found;
}

/** A field that must be a text. */
export function textOf(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string') throw new Error(`"${name}" is missing in ${JSON.stringify(body)}`);
  return value;
}
