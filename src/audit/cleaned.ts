import { cleanedThrough } from '../consistency/retention-store';
import type { Databases } from '../consistency/transaction';
import { contentHash } from '../core/canonical';
import { isCurrency } from '../core/currencies';
import { groupBy } from '../core/group-by';
import { Exact, displayAmount } from '../core/money';
import { type EntryEvidence, evidence } from './evidence-store';

/**
 * What is known of transactions that the log no longer has. A receipt keeps the gid by which it was decided, its voucher lies
 * under the chain and names the same, and both stay: so a transaction that was cleaned is told from one that never was.
 */
export interface Unlogged {
  /** The receipt that was decided by it, where it has been cleaned. */
  receiptOf(gid: string): string | undefined;
  /** Whether it may have been one that was cancelled, and cleaned: only that it is as old as those is known. */
  mayHaveBeenCancelled(gid: string): boolean;
}

/** @param gids transactions that were not found in the log */
export async function readUnlogged(
  databases: Databases,
  gids: readonly string[],
  graceSeconds: number,
): Promise<Unlogged> {
  if (gids.length === 0) return { receiptOf: () => undefined, mayHaveBeenCancelled: () => false };
  const vouchers = await evidence.vouchersOfTransactions(databases.accounting, gids);
  const receiptIds = vouchers.flatMap((voucher) => voucher.receipt_id ?? []);
  const receipts = await evidence.receipts(databases.orders, receiptIds, graceSeconds);
  const decided = new Map(receipts.flatMap(({ id, gid, cleaned }) => (cleaned && gid !== null ? [[gid, id]] : [])));
  const through = await cleanedThrough(databases.orders, 'transactions');
  return { receiptOf: (gid) => decided.get(gid), mayHaveBeenCancelled: (gid) => gid <= through };
}

const PARTICIPANTS = ['accounts', 'points'] as const;
type Entries = Readonly<Record<(typeof PARTICIPANTS)[number], readonly EntryEvidence[]>>;

/**
 * The hash of the legs that entries of one transaction were made of, as it was computed when the transaction was opened:
 * entries keep account, sign and order of their legs, and every amount is written with the decimals of its unit.
 */
export function hashOfEntries(entries: Entries): string {
  const branches = PARTICIPANTS.flatMap((participant) =>
    [...groupBy(entries[participant], (entry) => entry.branch)].map(([branch, moved]) => ({
      participant,
      branch,
      legs: moved.map(({ code, unit, amount }) => ({
        account: code,
        direction: new Exact(amount).isNegative() ? 'out' : 'in',
        amount: asPlanned(new Exact(amount).abs(), unit),
      })),
    })),
  );
  return contentHash(branches);
}

function asPlanned(amount: Exact, unit: string): string {
  return isCurrency(unit) ? displayAmount(amount.toFixed(), unit) : amount.toFixed();
}
