import type { BankCalls } from './bank-calls';
import { type Body, type Client, createClient, expectOk, postAgain, textOf } from './client';
import type { Peer } from './ipc';
import type { MerchantCalls } from './merchant-calls';
import type { ChannelKey } from './signing';
import { CHANNELS, MERCHANTS, type MerchantInWorld } from './world';

/** A merchant as the service knows it. */
export interface EnrolledMerchant {
  readonly id: string;
  readonly key: string;
  readonly client: Client;
  /** The accounts of its payees, by "name currency". */
  readonly payees: ReadonlyMap<string, string>;
}

/** Everything that an operator has set up. */
export interface Scenery {
  readonly operator: Client;
  readonly merchants: ReadonlyMap<string, EnrolledMerchant>;
}

/** How long the demo's merchants are told again, in seconds: real ones are told for days. */
export const SCHEDULE = [0, 1, 2, 3, 5];

/** Sets up merchants and channels over the operator API, as a person would with the command line. */
export async function setUp(deps: {
  readonly url: string;
  readonly operatorToken: string;
  readonly bank: Peer<BankCalls>;
  readonly merchants: Peer<MerchantCalls>;
}): Promise<Scenery> {
  const operator = createClient(deps.url, deps.operatorToken);
  const [keys, { url: hooks }] = await Promise.all([
    deps.bank.call('open', undefined),
    deps.merchants.call('open', undefined),
    deps.bank.call('call', { url: deps.url }),
  ]);
  await Promise.all(CHANNELS.map(({ name }) => createChannel(operator, name, keys[name] ?? [])));
  const enrolled = await Promise.all(
    MERCHANTS.map(async (merchant) => {
      const known = await enrol(operator, deps.url, merchant);
      const secret = await createEndpoint(operator, known.id, merchant, `${hooks}/hooks/${merchant.key}`);
      await deps.merchants.call('meet', { merchant: merchant.key, secret, behaviour: merchant.behaviour });
      return [merchant.key, known] as const;
    }),
  );
  return { operator, merchants: new Map(enrolled) };
}

async function createChannel(operator: Client, name: string, keys: readonly ChannelKey[]): Promise<void> {
  const channel = CHANNELS.find((one) => one.name === name);
  const body: Body = {
    name,
    provider: channel?.provider,
    receiving_account: channel?.receivingAccount,
    live: channel?.live,
    merchants: 'all',
    keys,
  };
  expectOk(await operator.post('/admin/channels', body), `creating the channel ${name}`);
}

async function enrol(operator: Client, url: string, merchant: MerchantInWorld): Promise<EnrolledMerchant> {
  const { name } = merchant;
  const id = textOf(expectOk(await operator.post('/admin/merchants', { name }), `creating ${name}`), 'id');
  const path = `/admin/merchants/${id}`;
  const made = await operator.post(`${path}/api-keys`, { name: 'demo' });
  const key = textOf(expectOk(made, `a key for ${name}`), 'key');
  const payees = new Map<string, string>();
  for (const { currency, fee, points } of merchant.currencies) {
    expectOk(await operator.put(`${path}/fee-plans/${currency}`, { ...fee }), `the fee plan of ${name}`);
    if (points !== undefined) {
      expectOk(await operator.put(`${path}/points-rules/${currency}`, { ...points }), `the points rule of ${name}`);
    }
    for (const payee of merchant.payees) {
      const account = await operator.post(`${path}/accounts`, { reference: payee, currency });
      payees.set(`${payee} ${currency}`, textOf(expectOk(account, `an account for ${payee}`), 'id'));
    }
  }
  return { id, key, client: createClient(url, key), payees };
}

async function createEndpoint(operator: Client, id: string, merchant: MerchantInWorld, url: string): Promise<string> {
  const answer = await operator.post(`/admin/merchants/${id}/endpoints`, {
    url,
    schedule: SCHEDULE,
    success_rule: merchant.behaviour === 'wordy' ? 'body_success' : 'status_2xx',
  });
  return textOf(expectOk(answer, `an endpoint for ${merchant.name}`), 'secret');
}

/** The enrolled merchant of this key. */
export function enrolledMerchant(scenery: Scenery, key: string): EnrolledMerchant {
  const found = scenery.merchants.get(key);
  if (found === undefined) throw new Error(`there is no merchant ${key}`);
  return found;
}

/**
 * Freezes an account: a merchant's own, that of one of its payees, or the points of one of its customers.
 * @throws Error where there is no such account
 */
export async function freeze(
  scenery: Scenery,
  what: 'account' | 'payee' | 'points',
  key: string,
  name?: string,
): Promise<void> {
  const { id } = enrolledMerchant(scenery, key);
  const kind = what === 'account' ? 'merchant' : what === 'payee' ? 'payee' : 'customer';
  const path = what === 'points' ? '/admin/points-accounts' : '/admin/accounts';
  const accounts = await scenery.operator.list(`${path}?owner=${id}&kind=${kind}`);
  const found = accounts.find((row) => name === undefined || row['reference'] === name || row['customer'] === name);
  if (found === undefined) throw new Error(`${key} has no ${what} ${name ?? ''} to freeze`);
  expectOk(await postAgain(scenery.operator, `${path}/${textOf(found, 'id')}/freeze`), `freezing the ${what}`);
}
