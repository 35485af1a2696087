import { setTimeout as wait } from 'node:timers/promises';
import { createAnswerBook, startOrdering } from './customers';
import { type Load, sendAll } from './load';
import type { ServiceProcess } from './process';
import { type Payments, mustAddUp, mustBeCreditedOnce } from './service-world';
import type { World } from './world';

/** One process of the service, and customers whose payments are shared out among the faults that it meets. */
export interface Survivor {
  readonly service: ServiceProcess;
  readonly world: World;
  readonly payments: Payments;
  /** How many payments there are for each fault: an even number. The last of them is sent when the fault is over. */
  readonly each: number;
}

export interface CallingCustomers {
  /** How many of them were told to come again. */
  refusals(): number;
  /** How many payments a bank was told success of. */
  acknowledged(): number;
  /** The place among all payments of the first that a bank was told success of. */
  firstAcknowledged(): number;
  /** Fails where a bank was told success and it is not true at this moment, in the database. */
  mustBeTrue(): Promise<void>;
}

/** Brings a fault about; resolves when it has lasted for long enough, with what ends it. */
export type Fault = (customers: CallingCustomers) => Promise<() => unknown>;

/** Customers of a fault that is over, who are still to be told success. */
export interface Remainder {
  finish(): Promise<void>;
}

/** So many lines a process may write about one fault, and so many more for each second that it lasts. */
const LINES = { atMost: 150, perSecond: 20 };

/**
 * Customers call before, during and after a fault, and repeat what they were refused. Fails where anybody was told anything
 * but success or to come again, where who calls after the fault is not served, or where the process ended or flooded its log.
 */
export async function mustSurvive(survivor: Survivor, part: number, fault: Fault): Promise<Remainder> {
  const { service, world, payments, each } = survivor;
  const indexes = Array.from({ length: each - 1 }, (_, index) => part * each + index);
  const [begun, lines] = [Date.now(), linesOf(service)];
  const book = createAnswerBook();
  const merchant = startOrdering(service.url, payments.merchants[0]!.key, payments.orders[indexes[0]!]!.id, book);
  const send = (which: readonly number[]): Load =>
    sendAll(
      which.map((index) => payments.callbacks[index]!),
      {
        callers: 6,
        url: () => `${service.url}/callbacks/${payments.channel.name}`,
        twiceEvery: 5,
        onTold: (told) => {
          book.note(told);
        },
      },
    );
  const load = send(indexes);
  const acknowledged = (): string[] => [...load.acknowledged].map((index) => payments.references[indexes[index]!]!);
  await load.reached(2);
  const end = await fault({
    refusals: book.refusals,
    acknowledged: () => load.acknowledged.size,
    firstAcknowledged: () => indexes[[...load.acknowledged][0]!]!,
    mustBeTrue: () => mustBeDecided(world, acknowledged()),
  });
  await end();
  const ordered = merchant.finish();
  const late = send([part * each + each - 1]);
  await until(service, 'who calls afterwards is told success', () => late.acknowledged.size === 1);
  const seconds = (Date.now() - begun) / 1_000;
  expect(linesOf(service) - lines).toBeLessThan(LINES.atMost + LINES.perSecond * seconds);
  return {
    finish: async () => {
      await load.finished();
      const numbers = await ordered;
      const made = await world.query(`select 1 from orders.orders where merchant_order_no = any($1::text[])`, [
        numbers,
      ]);
      expect([book.wrong, made.length]).toEqual([[], numbers.length]);
    },
  };
}

/** Fails where a payment is not credited, granted and booked exactly once, or the process does not end as it should. */
export async function mustHaveSurvived(survivor: Survivor, remainders: readonly Remainder[]): Promise<void> {
  const { service, world, payments } = survivor;
  for (const remainder of remainders) await remainder.finish();
  await world.settled(120_000);
  await mustBeCreditedOnce(world, payments, payments.callbacks.keys());
  await mustAddUp(world, payments);
  await world.mustBeSound();
  expect(service.output()).not.toContain('"code":"internal"');
  await expect(service.end('SIGTERM')).resolves.toBe(0);
}

const linesOf = ({ output }: ServiceProcess): number => output().split('\n').length;

async function mustBeDecided(world: World, references: readonly string[]): Promise<void> {
  const rows = await world.query(
    `select 1 from orders.receipts where provider_reference = any($1::text[]) and status in ('decided', 'settled')`,
    [references],
  );
  expect(rows.length).toBe(references.length);
}

/** Waits for what a service comes to; where it never does, its last words are told. */
export async function until(
  service: ServiceProcess,
  what: string,
  isThere: () => Promise<boolean> | boolean,
): Promise<void> {
  const deadline = Date.now() + 90_000;
  while (!(await isThere())) {
    const hasEnded = service.child.exitCode !== null || service.child.signalCode !== null;
    if (hasEnded || Date.now() > deadline) throw new Error(`never came: ${what}\n${service.output().slice(-3_000)}`);
    await wait(20);
  }
}

/** What `/readyz` says. */
export const readiness = async ({ url }: ServiceProcess): Promise<number> => (await fetch(`${url}/readyz`)).status;
