import type { Gid, MessageId } from '../../src/core/ids';
import { mortalDatabases, type CrashPoint, type MortalDatabases } from './crash-points';
import { PATIENT_POOLS } from './databases';
import { NO_QUEUE } from './service-world';
import { type World, type WorldOptions, startWorld } from './world';

/** Nothing but what a test brings about may fail: neither a bank nor a statement gives up while the machine is busy. */
export const PATIENT = { answerBudgetMs: 30_000, ...PATIENT_POOLS } as const satisfies WorldOptions;

/** How an attempt at a payment stands: its transaction, its hold at each participant, its entries for merchants. */
export interface Attempt {
  readonly status: string;
  readonly accounts: string | null;
  readonly points: string | null;
  readonly credits: number;
}

/** The attempts at an order, oldest first, by whichever receipts. */
export function attempts(world: World, order: { readonly id: string }): Promise<Attempt[]> {
  return world.query<Attempt>(
    `select t.status, a.status as accounts, p.status as points, count(e.id)::int as credits
       from orders.global_transactions t
       left join accounts.holds a on a.gid = t.gid
       left join points.holds p on p.gid = t.gid
       left join accounts.entries e on e.gid = t.gid
        and e.account_id in (select id from accounts.accounts where kind = 'merchant')
      where t.order_id = $1::uuid group by t.gid, a.status, p.status order by t.gid`,
    [order.id.replace(/^ord_/, '')],
  );
}

export async function gidOf(world: World, order: { readonly id: string }): Promise<Gid> {
  const rows = await world.query<{ gid: Gid }>(
    'select gid from orders.global_transactions where order_id = $1::uuid order by gid limit 1',
    [order.id.replace(/^ord_/, '')],
  );
  return rows[0]!.gid;
}

/** The end of a payment with points that needed so many attempts: all but the last are cancelled, only the last moved money. */
export function paidAtAttempt(count: number): object[] {
  const cancelled = { status: 'cancelled', accounts: 'cancelled', points: 'cancelled', credits: 0 };
  const confirmed = { status: 'confirmed', accounts: 'confirmed', points: 'confirmed', credits: 1 };
  return [...Array<object>(count - 1).fill(cancelled), confirmed];
}

/** Lets the time pass for which leases, backoff and hints to the queue are respected, and does what is due then. */
export async function hurry(world: World): Promise<void> {
  const due = `next_try_at = clock_timestamp() - interval '1 second'`;
  await world.query(`update orders.global_transactions set ${due} where status in ('confirming', 'cancelling')`);
  await world.query(`update orders.receipts set ${due} where status = 'waiting'`);
  for (const name of ['transactions', 'receipts']) await runSweep(world, name);
  const messages = await world.query<{ id: MessageId }>(
    `update orders.outbox set ${due} where status = 'due' returning id`,
  );
  await world.wired.outbox.handle(messages.map(({ id }) => id));
}

export function runSweep(world: World, name: string): Promise<number> {
  const found = world.wired.sweeps.find((sweep) => sweep.name === name);
  if (found === undefined) throw new Error(`there is no sweep "${name}"`);
  return found.run();
}

/** Has the attempts at an order, which are being tried, come to their deadline now. */
export async function passDeadline(world: World, order: { readonly id: string }): Promise<void> {
  await world.query(
    `update orders.global_transactions set deadline = clock_timestamp(), next_try_at = clock_timestamp()
      where order_id = $1::uuid and status = 'trying'`,
    [order.id.replace(/^ord_/, '')],
  );
}

/** Puts a message off by an hour, between two tries of it: from then on nobody consumes it by himself. */
export async function putOffMessage(world: World, id: MessageId): Promise<void> {
  const putOff = (): Promise<object[]> =>
    world.query(
      `update orders.outbox set next_try_at = clock_timestamp() + interval '1 hour', enqueued_until = clock_timestamp()
        where id = $1::uuid and status = 'due' and lease_token is null returning id`,
      [id],
    );
  await until('the message is put off', async () => (await putOff()).length === 1);
}

/** Waits until a condition holds; fails where that does not happen in time. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 90_000,
): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`it did not come true within ${withinMs / 1_000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Hurries again and again until everything has settled. */
export async function settledInAHurry(world: World): Promise<void> {
  await until('everything is settled', async () => {
    await hurry(world);
    return world.settled(100).then(
      () => true,
      () => false,
    );
  });
}

export interface DyingProcess {
  readonly world: World;
  readonly mortal: MortalDatabases;
}

/**
 * Another process on the databases of this world, without a queue, that stops at a commit as if it had been killed there. Its
 * attempts come to their deadline only where a test says so: nothing gives them up, or drives them on, before the test has looked.
 */
export async function dyingProcess(home: World, point: CrashPoint, options: WorldOptions = {}): Promise<DyingProcess> {
  const mortal = mortalDatabases(home.test.databases, point);
  const world = await startWorld({
    transactionDeadlineMs: 60_000,
    ...options,
    on: { test: { ...home.test, databases: mortal.databases, urls: NO_QUEUE }, masterKey: home.masterKey },
    working: false,
  });
  return { world, mortal };
}
