import { setTimeout as wait } from 'node:timers/promises';
import { Client } from 'pg';
import { type CountedDatabases, countDatabases } from '../support/counted-databases';
import { startMerchantServer } from '../support/merchant-server';
import { OPERATOR_TOKEN, type World, startWorld } from '../support/world';

/**
 * What 200 payments cost that come as one list: statements and commits, which do not depend on the machine. A step that asks
 * once more per list is seen here, and one that asks once per row a hundred times over.
 */
const LIST = 200;

/**
 * How often each step may commit, and how many statements it may send, for the payment that holds up the others and for the list
 * that gathers behind it. How many notifications are claimed and recorded together depends on when merchants answer.
 */
const RECORDED: Readonly<Record<string, { readonly commits: number; readonly statements: number }>> = {
  'callbacks.record': { commits: 1, statements: 10 },
  'balances.try': { commits: 4, statements: 20 },
  'transactions.decide': { commits: 2, statements: 14 },
  'balances.confirm': { commits: 4, statements: 16 },
  'transactions.confirmed': { commits: 2, statements: 4 },
  'vouchers.post': { commits: 2, statements: 12 },
  'orders.outbox.finish': { commits: 2, statements: 2 },
};
/** Whatever else, beyond one statement for each look of the sweeps, which look again in each second that the machine takes. */
const BESIDE = { commits: 20, statements: 60 };
/** What some of the sweeps ask once a second. The least of them is how often each has looked, even where one of them asks too much. */
const LOOKS = ['orders.expire', 'orders.outbox.mark_overdue', 'notifications.mark_overdue'];
const AS_MERCHANTS_ANSWER = new Set(['notifications.begin_attempts', 'notifications.record_results']);

let world: World;
let counted: CountedDatabases;
const merchantServers: Awaited<ReturnType<typeof startMerchantServer>>[] = [];

beforeAll(async () => {
  counted = countDatabases();
  world = await startWorld({
    around: counted.around,
    statementTimeoutMs: 60_000,
    lockTimeoutMs: 60_000,
    answerBudgetMs: 60_000,
    transactionDeadlineMs: 60_000,
  });
});
afterAll(async () => {
  await world.stop();
  for (const server of merchantServers) await server.close();
});

it('a list of 200 payments costs no more statements and commits than are recorded', async () => {
  const server = await startMerchantServer();
  merchantServers.push(server);
  const channel = await world.channel();
  // No endpoint may be sent more at once than it has earned: 25 of them take the list together.
  const merchants = await Promise.all(Array.from({ length: LIST / 8 }, () => world.merchant()));
  for (const merchant of merchants) {
    await world.admin('put', `/merchants/${merchant.id}/points-rules/USD`, { points_per_unit: '1' });
    await world.admin('post', `/merchants/${merchant.id}/endpoints`, { url: server.url });
  }
  const orders = await Promise.all(
    Array.from({ length: LIST + 1 }, (_, index) =>
      world.order(merchants[index % merchants.length]!, { customer: 'anna' }),
    ),
  );
  const callbacks = orders.map((order) => world.paid(channel, order));

  // One payment is held up, so that all others gather behind it.
  const blocker = new Client({ connectionString: world.test.urls.orders });
  await blocker.connect();
  await blocker.query('begin; lock table orders.receipts in exclusive mode');
  const first = world.send(channel, callbacks[0]!).then((answer) => answer.status);
  await untilGathered(1);
  const others = Promise.all(callbacks.slice(1).map(async (callback) => (await world.send(channel, callback)).status));
  await untilGathered(LIST + 1);
  counted.forget();
  await blocker.query('rollback');
  await blocker.end();
  expect(new Set([await first, ...(await others)])).toEqual(new Set([204]));
  await world.quiet();
  const { commits, statements } = counted.counts();
  const looks = Math.min(...LOOKS.map((name) => commits.get(name) ?? 0));
  const tooMany = [...commits]
    .filter(([name]) => !AS_MERCHANTS_ANSWER.has(name))
    .map(([name, count]) => ({ name, commits: count, statements: statements.get(name) ?? 0 }))
    .filter((cost) => {
      const recorded = RECORDED[cost.name];
      const [most, apart] = recorded === undefined ? [BESIDE, looks] : [recorded, 0];
      return cost.commits - apart > most.commits || cost.statements - apart > most.statements;
    });
  expect(tooMany).toEqual([]);
  expect(Object.keys(RECORDED).filter((name) => !commits.has(name))).toEqual([]);
  await world.mustBeSound();
});

/** Waits until so many callbacks have come to commit A. */
async function untilGathered(many: number): Promise<void> {
  for (let round = 0; round < 1_000; round += 1) {
    const { text } = await world.http.get('/metrics').set('Authorization', `Bearer ${OPERATOR_TOKEN}`);
    const load = /^quittance_step_load\{step="callbacks\.record"\} (\d+)/m.exec(text)?.[1];
    if (Number(load) === many) return;
    await wait(20);
  }
  throw new Error(`${many} callbacks never came together`);
}
