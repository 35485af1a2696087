import { setTimeout as wait } from 'node:timers/promises';
import { type Databases, statement } from '../src/consistency/transaction';
import type { Bank } from './bank';
import type { Findings } from './findings';
import type { Teller } from './teller';

/** What is not done yet, by name; nothing where everything is. */
export type Unfinished = Readonly<Record<string, number>>;

const UNFINISHED = statement(
  'chaos.unfinished',
  `select what, count from (
      select 'receipts' as what, count(*)::int from orders.receipts where status <> 'settled'
      union all select 'transactions', count(*)::int from orders.global_transactions
                 where status in ('trying', 'confirming', 'cancelling')
      union all select 'messages', count(*)::int from orders.outbox where status = 'due'
      union all select 'notifications', count(*)::int from orders.notifications where status = 'scheduled') w
    where count > 0`,
);

/**
 * Longer than all leases after one another. In a run that is shorter than a notification's own lease (45 s), nobody waits
 * for attempts that a kill has cut off: they must stand in their schedule, and the merchant asks.
 */
export const QUIET_WITHIN_MS = 240_000;
const LOOK_EVERY_MS = 250;

/** Waits until nothing is under way any more. @returns how long that took; what was left where it took too long is found */
export async function untilQuiet(deps: {
  readonly databases: Databases;
  readonly bank: Bank;
  readonly teller: Teller;
  readonly findings: Findings;
  /** Whether all merchants must have been told, too. */
  readonly told: boolean;
  readonly note: (unfinished: Unfinished) => void;
}): Promise<number> {
  const began = performance.now();
  for (;;) {
    const unfinished = await look(deps);
    const tookMs = performance.now() - began;
    const open = Object.entries(unfinished).filter(([what]) => deps.told || what !== 'notifications');
    if (open.length === 0) return tookMs;
    if (tookMs > QUIET_WITHIN_MS) {
      for (const [what, count] of open)
        deps.findings.add('quiet', `${count} ${what} are still open after ${Math.round(tookMs / 1000)} s`);
      return tookMs;
    }
    deps.note(unfinished);
    await wait(LOOK_EVERY_MS);
  }
}

async function look({ databases, bank, teller }: Parameters<typeof untilQuiet>[0]): Promise<Unfinished> {
  const rows = await databases.orders.query<{ what: string; count: number }>(UNFINISHED);
  return Object.fromEntries(
    [
      ['stories', teller.open()] as const,
      ['callbacks', bank.open()] as const,
      ...rows.map(({ what, count }) => [what, count] as const),
    ].filter(([, count]) => count > 0),
  );
}
