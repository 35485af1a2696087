import { performance } from 'node:perf_hooks';
import { statement } from '../src/consistency/transaction';
import { type Id, showId } from '../src/core/ids';
import { createIds } from '../src/core/ids';
import { systemClock } from '../src/core/clock';
import { systemRandom } from '../src/core/random';
import { makeCursor } from '../src/http/pagination';
import { createApiKeys } from '../src/merchants/manage-api-keys';
import type { BenchDatabase } from './stage';
import { openHttpCaller } from './http-caller';

/** What people and their programs ask most. */
export const QUERIES = [
  'order by id',
  'order by payment reference',
  'orders, newest first',
  'events since a cursor',
  'timeline of an order',
  'balance of an account',
  'account statement of a day',
  'ledger statement of a day',
] as const;
export type Query = (typeof QUERIES)[number];

export interface Answered {
  /** Of the answer, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Over all queries together. */
  readonly each: Readonly<Record<Query, { readonly p50: number; readonly p99: number }>>;
}

interface Target {
  readonly order: string;
  readonly reference: string;
  readonly merchant: string;
  readonly day: string;
}

/** Orders at random from the whole time that there are orders of, by walking to the first after a random key between the ends. */
const SAMPLE = statement(
  'bench.queries.sample',
  `with ends as (
     select (select id from orders.orders order by id limit 1) as first, (select id from orders.orders order by id desc limit 1) as last),
   keys as (
     select (lpad(to_hex((low + random() * (high - low))::bigint), 12, '0') || '00000000000000000000')::uuid as key
       from (select ('x' || left(replace(first::text, '-', ''), 12))::bit(48)::bigint as low,
                    ('x' || left(replace(last::text, '-', ''), 12))::bit(48)::bigint as high from ends) e,
            generate_series(1, $1::int))
   select o.id as "order", o.payment_reference as reference, o.merchant_id as merchant,
          to_char(o.paid_at at time zone 'UTC', 'YYYY-MM-DD') as day
     from keys cross join lateral (select * from orders.orders where id >= keys.key and status = 'paid' order by id limit 1) o`,
);
const ACCOUNTS = statement(
  'bench.queries.accounts',
  `select owner as merchant, id from accounts.accounts where kind = 'merchant' and owner = any($1::text[])`,
);

/**
 * Asks the service for each of these things, of orders out of the whole history, over so many connections at once.
 * @throws Error where an answer is not a success
 */
export async function measureQueries(
  { pools, env }: Pick<BenchDatabase, 'pools' | 'env'>,
  port: number,
  options: { readonly requests: number; readonly connections: number },
): Promise<Answered> {
  const requests = await requestsFor(pools, env['QUITTANCE_OPERATOR_TOKEN'] ?? '', options.requests);
  const all: number[] = [];
  const each = {} as Record<Query, { p50: number; p99: number }>;
  for (const query of QUERIES) {
    // The first ones find the service's and the server's statements not prepared yet.
    await ask(port, requests[query].slice(0, 50), options.connections);
    const took = await ask(port, requests[query], options.connections);
    each[query] = { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
    all.push(...took);
  }
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), each };
}

async function requestsFor(
  pools: BenchDatabase['pools'],
  operatorToken: string,
  count: number,
): Promise<Readonly<Record<Query, readonly Buffer[]>>> {
  const { databases } = pools;
  const targets = await databases.orders.query<Target>(SAMPLE, [count]);
  const merchants = [...new Set(targets.map(({ merchant }) => merchant))];
  const keys = await apiKeys(databases.orders, merchants);
  const found = await databases.accounts.query<{ merchant: string; id: string }>(ACCOUNTS, [merchants]);
  const accounts = new Map(found.map(({ merchant, id }) => [merchant, id]));
  const asMerchant = (path: (target: Target) => string): Buffer[] =>
    targets.map((target) => request(path(target), keys.get(target.merchant) ?? ''));
  const asOperator = (path: (target: Target) => string): Buffer[] =>
    targets.map((target) => request(path(target), operatorToken));
  const accountOf = ({ merchant }: Target): string => showId('account', accounts.get(merchant) ?? '');
  return {
    'order by id': asMerchant(({ order }) => `/v1/orders/${showId('order', order)}`),
    'order by payment reference': asOperator(({ reference }) => `/admin/orders?payment_reference=${reference}`),
    'orders, newest first': asMerchant(() => '/v1/orders?limit=50'),
    'events since a cursor': asMerchant(({ order }) => `/v1/events?limit=50&cursor=${cursorAt(order)}`),
    'timeline of an order': asOperator(({ order }) => `/admin/orders/${showId('order', order)}/timeline`),
    'balance of an account': asOperator((target) => `/admin/accounts/${accountOf(target)}/balance`),
    'account statement of a day': asOperator(
      (target) => `/admin/accounts/${accountOf(target)}/statement?${period(target)}`,
    ),
    'ledger statement of a day': asOperator(
      (target) => `/admin/ledger-accounts/2100/statement?currency=EUR&party=${target.merchant}&${period(target)}`,
    ),
  };
}

/** Where the events behind an order begin. All of a generated history were ended by the transaction 3. */
function cursorAt(order: string): string {
  return makeCursor(`3/${order}`);
}

/** The day on which an order was paid, as far as it has gone. */
function period({ day }: Target): string {
  const next = Math.min(Date.parse(`${day}T00:00:00Z`) + 86_400_000, Date.now());
  return `from=${day}&to=${new Date(next).toISOString()}`;
}

async function apiKeys(
  db: BenchDatabase['pools']['databases']['orders'],
  merchants: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const made = createApiKeys({ db, ids: createIds(systemClock), random: systemRandom });
  const keys = new Map<string, string>();
  for (const merchant of merchants) keys.set(merchant, (await made.create(merchant as Id<'merchant'>, 'bench')).key);
  return keys;
}

function request(path: string, token: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\n\r\n`);
}

async function ask(port: number, requests: readonly Buffer[], connections: number): Promise<number[]> {
  const callers = await Promise.all(Array.from({ length: connections }, () => openHttpCaller(port)));
  const took: number[] = [];
  let next = 0;
  const work = async (caller: (typeof callers)[number]): Promise<void> => {
    for (let index = next++; index < requests.length; index = next++) {
      const sentAt = performance.now();
      const sent = requests[index] ?? Buffer.alloc(0);
      const { status } = await caller.send(sent);
      if (status !== 200) throw new Error(`a query was answered ${status}: ${sent.toString().split('\r\n')[0] ?? ''}`);
      took.push(performance.now() - sentAt);
    }
  };
  try {
    await Promise.all(callers.map(work));
  } finally {
    for (const caller of callers) caller.close();
  }
  return took;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}
