import type { Plan } from '../consistency/tcc/log-store';
import type { Participant, StandingHold } from '../consistency/tcc/participant';
import type { Database } from '../consistency/transaction';
import { groupBy } from '../core/group-by';
import type { Kind } from './retention';
import { type OldTransaction, oldTransactionsStore } from './transactions-store';

/** A voucher as far as it proves that a transaction is in the books. */
export interface VoucherOfTransaction {
  readonly receipt_id: string | null;
  readonly gid: string | null;
  readonly legs_hash: string | null;
}

export interface TransactionsDependencies {
  readonly db: Database<'orders'>;
  readonly participants: readonly Participant[];
  readonly vouchersOf: (receipts: readonly string[]) => Promise<readonly VoucherOfTransaction[]>;
  readonly legsHash: (plan: Plan) => string;
  readonly days: number;
}

/**
 * Finished transactions, with the messages that asked for their vouchers. A transaction is cleaned when nothing is left to be
 * done for its receipt and all four databases agree on it: whatever disagrees stays, so that the audit finds it.
 */
export function finishedTransactions(deps: TransactionsDependencies): Kind {
  const { db, days } = deps;
  return {
    name: 'transactions',
    days,
    look: async (after, limit) => {
      const rows = await oldTransactionsStore.page(db, days, after, limit);
      const finished = await agreed(
        deps,
        rows.filter((row) => row.ended),
      );
      return { last: rows.at(-1)?.gid, looked: rows.length, finished: finished.map((row) => row.gid) };
    },
    clean: (gids) => oldTransactionsStore.clean(db, gids),
    oldest: () => oldTransactionsStore.oldest(db),
  };
}

/** Those that every participant and the books know as the log does. @throws Unavailable where one cannot be asked */
async function agreed(
  { participants, vouchersOf, legsHash }: TransactionsDependencies,
  rows: readonly OldTransaction[],
): Promise<readonly OldTransaction[]> {
  if (rows.length === 0) return [];
  const gids = rows.map((row) => row.gid);
  const holds = new Map<string, ReadonlyMap<string, readonly StandingHold[]>>();
  for (const one of participants)
    holds.set(
      one.name,
      groupBy(await one.standing(gids), (hold) => hold.gid),
    );
  const vouchers = groupBy(await vouchersOf(rows.map((row) => row.receipt_id)), (voucher) => voucher.gid);
  return rows.filter((row) => {
    if (legsHash({ branches: row.branches }) !== row.legs_hash) return false;
    const ended = participants.every(({ name }) => endedAlike(row, name, holds.get(name)?.get(row.gid) ?? []));
    if (!ended || row.branches.some((branch) => !holds.has(branch.participant))) return false;
    const booked = vouchers.get(row.gid) ?? [];
    if (row.status === 'cancelled') return booked.length === 0;
    return booked.some((one) => one.receipt_id === row.receipt_id && one.legs_hash === row.legs_hash);
  });
}

/** A cancelled branch may have no hold; a confirmed one must. Nothing else may be held under the transaction. */
function endedAlike(row: OldTransaction, participant: string, holds: readonly StandingHold[]): boolean {
  const planned = row.branches.filter((one) => one.participant === participant).map((one) => one.branch);
  if (!holds.every((hold) => hold.status === row.status && planned.includes(hold.branch))) return false;
  return row.status === 'cancelled' || holds.length === planned.length;
}
