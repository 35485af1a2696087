import { setTimeout as wait } from 'node:timers/promises';
import { SCHEMAS, type SchemaName } from '../../src/consistency/transaction';
import type { DatabaseUrls } from '../../src/database/pools';
import { type FourServers, startFourServers } from '../support/four-servers';
import { type Load, sendAll } from '../support/load';
import { type ServiceProcess, runCommand, startServiceProcess } from '../support/process';
import {
  type Payments,
  type ServiceSetup,
  mustAddUp,
  mustBeCreditedOnce,
  preparePayments,
  serviceSetup,
} from '../support/service-world';
import { type TcpProxy, startTcpProxy } from '../support/tcp-proxy';
import type { World } from '../support/world';

/**
 * The four schemas on four PostgreSQL servers, two processes of the service, and points, accounts and orders away in turn under a
 * load of callbacks. Every third payment grants points. The tests are one story on the same servers: the first begins before the
 * points have ever been there.
 */
const EACH = 36;
jest.setTimeout(400_000);

let four: FourServers;
let proxy: TcpProxy;
let setup: ServiceSetup;
let world: World;
let services: ServiceProcess[] = [];
let payments: Payments;

/** The second process reaches the points by a way of its own. */
const urlsOf = (process: 0 | 1): DatabaseUrls => {
  if (process === 0) return four.urls;
  const url = new URL(four.urls.points);
  url.port = String(proxy.port);
  return { ...four.urls, points: url.toString() };
};
const envOf = (urls: DatabaseUrls): Record<string, string> => ({
  ...setup.env,
  ...Object.fromEntries(SCHEMAS.map((schema) => [`${schema.toUpperCase()}_DATABASE_URL`, urls[schema]])),
  TRANSACTION_DEADLINE_MS: '3000',
});

beforeAll(async () => {
  four = await startFourServers();
  proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(new URL(four.urls.points).port) });
  setup = serviceSetup({ QUITTANCE_ALLOW_PRIVATE_ENDPOINTS: 'true' });
  await four.servers.points.stopImmediately();
  services = await Promise.all(([0, 1] as const).map((one) => startServiceProcess({ env: envOf(urlsOf(one)) })));
  world = await setup.look(four.urls);
  payments = await preparePayments(world, EACH * 4);
});
afterEach(async () => {
  // Where a test failed, the next shall not fail for the same reason.
  for (const schema of SCHEMAS) await four.servers[schema].start();
  await proxy.up();
});
afterAll(async () => {
  for (const { child, end } of services) if (child.exitCode === null && child.signalCode === null) await end('SIGKILL');
  await world.stop();
  await proxy.down();
  await four.close();
});

async function until(what: string, isThere: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await isThere())) {
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await wait(25);
  }
}

/** Where the callbacks go: to both processes in turn, or to one of them. */
const urlOf = (attempt: number, only?: 0 | 1): string =>
  `${services[only ?? attempt % 2]!.url}/callbacks/${payments.channel.name}`;

/** The bank sends the n-th part of the callbacks, all of it at once, and each again until it is acknowledged. */
const send = (part: number): Load =>
  sendAll(payments.callbacks.slice(part * EACH, (part + 1) * EACH), {
    callers: EACH,
    url: (attempt) => urlOf(attempt),
    twiceEvery: 5,
  });
const PLAIN = Array.from({ length: EACH }, (_, index) => index).filter((index) => index % 3 !== 0);
const hasAllPlain = (load: Load): boolean => PLAIN.every((index) => load.acknowledged.has(index));

/** One callback of this part, and what the bank is told. */
async function answerTo(part: number, index: number, process: 0 | 1 = 0): Promise<[number, boolean]> {
  const { headers, body } = payments.callbacks[part * EACH + index]!;
  const answer = await fetch(urlOf(0, process), { method: 'POST', headers, body: new Uint8Array(body) });
  await answer.arrayBuffer();
  return [answer.status, answer.headers.has('retry-after')];
}

/** Which callbacks of this part are decided. */
async function decidedOf(part: number): Promise<readonly number[]> {
  const references = payments.references.slice(part * EACH, (part + 1) * EACH);
  const rows = await world.query<{ reference: string }>(
    `select provider_reference as reference from orders.receipts
      where provider_reference = any($1::text[]) and status in ('decided', 'settled')`,
    [references],
  );
  return rows.map(({ reference }) => references.indexOf(reference)).sort((a, b) => a - b);
}

/** What a look gives when it has given the same for a second: what was under way has come to its end. */
async function standing<Seen>(look: () => Promise<Seen>): Promise<Seen> {
  let seen = await look();
  await until('nothing changes any more', async () => {
    await wait(1_000);
    const before = JSON.stringify(seen);
    seen = await look();
    return JSON.stringify(seen) === before;
  });
  return seen;
}

async function readiness(process: 0 | 1 = 0): Promise<[number, string[]]> {
  const answer = await fetch(`${services[process]!.url}/readyz`);
  const { checks } = (await answer.json()) as { checks: Record<string, boolean> };
  return [answer.status, SCHEMAS.filter((schema) => checks[schema] === false)];
}

/** A check that takes too long on a busy machine says false for once. */
const mustSay = (process: 0 | 1, status: number, away: readonly SchemaName[]): Promise<void> =>
  until(`/readyz says ${status} without ${away.join()}`, async () => {
    const [said, missing] = await readiness(process);
    return said === status && missing.join() === away.join();
  });

const knowsAway = (schema: SchemaName) => async (): Promise<boolean> =>
  services.every(({ output }) => output().includes(`"event":"database.away","database":"${schema}"`)) &&
  (await readiness())[1].includes(schema);

/** Everything of these parts is credited once; asked of the servers, not of the service. */
async function mustBeSettled(...parts: readonly number[]): Promise<void> {
  await world.settled(120_000);
  const indexes = parts.flatMap((part) => Array.from({ length: EACH }, (_, index) => part * EACH + index));
  await mustBeCreditedOnce(world, payments, indexes);
}

const rows = async (text: string): Promise<unknown[]> => world.query(text);

/** Ends by itself, with 1 and one line. */
async function refusal(args: string[], urls: DatabaseUrls): Promise<[number | string, string[]]> {
  const command = runCommand(args, { env: { ...envOf(urls), PORT: '0' } });
  const code = await command.ended();
  return [
    code,
    command
      .output()
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('{')),
  ];
}

it('starts without the points, which have never been there: others are paid, and they are migrated when they come', async () => {
  await mustSay(0, 200, ['points']);
  const load = send(0);
  await until('payments without points are acknowledged', () => hasAllPlain(load));
  expect(load.acknowledged.size).toBe(PLAIN.length);
  expect(await answerTo(0, 0)).toEqual([503, true]);
  expect(await answerTo(0, 1)).toEqual([204, false]);
  // Without a database there is no audit and no migration, rather than half of one.
  for (const verb of ['audit', 'migrate']) {
    expect(await refusal([verb], four.urls)).toEqual([
      1,
      [expect.stringMatching(/the database of schema points cannot be used: .*ECONNREFUSED/)],
    ]);
  }
  await four.servers.points.start();
  await load.finished();
  await mustBeSettled(0);
  await mustSay(0, 200, []);
});

it('points away: payments without points go on, the others wait for it uncounted and settle', async () => {
  const load = send(1);
  await load.reached(2);
  await four.servers.points.stopImmediately();
  await until('it is known to be away', knowsAway('points'));
  await until('payments without points are acknowledged', () => hasAllPlain(load));
  const left = [...Array(EACH).keys()].filter((index) => !load.acknowledged.has(index));
  expect(left.filter((index) => index % 3 !== 0)).toEqual([]);
  // What was decided before may still be acknowledged.
  const known = await decidedOf(1);
  for (const index of left.filter((one) => !known.includes(one)).slice(0, 3)) {
    expect(await answerTo(1, index)).toEqual([503, true]);
  }
  await mustSay(0, 200, ['points']);
  await four.servers.points.start();
  await load.finished();
  await mustBeSettled(1);
});

it('accounts away: nothing is acknowledged, nothing is lost', async () => {
  const load = send(2);
  await load.reached(2);
  await four.servers.accounts.stopImmediately();
  await until('it is known to be away', knowsAway('accounts'));
  // What had been held before may still be decided, and what was decided be acknowledged; nothing else is.
  const known = await standing(() => decidedOf(2));
  const left = [...Array(EACH).keys()].filter((index) => !known.includes(index));
  for (const index of left.slice(0, 3)) expect(await answerTo(2, index)).toEqual([503, true]);
  await wait(1_000);
  expect(await decidedOf(2)).toEqual(known);
  expect([...load.acknowledged].filter((index) => !known.includes(index))).toEqual([]);
  await mustSay(0, 200, ['accounts']);
  await four.servers.accounts.start();
  await load.finished();
  await mustBeSettled(2);
});

it('the orders away, and the queue with them: nothing is acknowledged until they are back', async () => {
  const load = send(3);
  await load.reached(2);
  await four.servers.orders.stopImmediately();
  await until('it is known to be away', knowsAway('orders'));
  const known = await standing(() => Promise.resolve(load.acknowledged.size));
  expect(await answerTo(3, 1)).toEqual([503, true]);
  await wait(1_000);
  expect(load.acknowledged.size).toBe(known);
  await mustSay(0, 503, ['orders']);
  expect(await refusal(['start'], four.urls)).toEqual([
    1,
    [expect.stringMatching(/the database of schema orders cannot be used: .*ECONNREFUSED/)],
  ]);
  await four.servers.orders.start();
  await load.finished();
  await mustBeSettled(3);
});

it('leaves everything credited, granted and booked once, and the audit sound', async () => {
  const wrong = new URL(four.urls.points);
  wrong.password = 'wrong';
  // A mistake and no outage: nobody should find it by what does not work later.
  expect(await refusal(['start'], { ...four.urls, points: wrong.toString() })).toEqual([
    1,
    [expect.stringMatching(/the database of schema points cannot be used: .*password authentication failed/)],
  ]);
  await mustAddUp(world, payments);
  expect(await rows(`select 1 from orders.global_transactions where waits_for is not null`)).toEqual([]);
  expect(await rows(`select 1 from orders.outbox where waits_for is not null`)).toEqual([]);
  const audit = runCommand(['audit', '--json'], { env: envOf(four.urls) });
  expect([await audit.ended(), JSON.parse(audit.output())]).toEqual([0, expect.objectContaining({ ok: true })]);
  await expect(Promise.all(services.map((service) => service.end('SIGTERM')))).resolves.toEqual([0, 0]);
});
