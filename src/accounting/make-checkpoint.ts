import { type Database, inTransaction } from '../consistency/transaction';
import { checkpointsStore } from './checkpoints-store';
import { pastBalancesStore } from './past-balances-store';

/**
 * A balance at an instant reads at most so many vouchers besides a checkpoint, so this is the trade of the time that a
 * report takes for the rows that checkpoints take.
 */
const VOUCHERS_PER_CHECKPOINT = 5_000;

/**
 * Keeps the running sums of the books at the next link at which they are due.
 * @returns how many checkpoints it made: 1, and there may be more to make, or 0
 */
export function createCheckpointSweep(deps: {
  readonly db: Database<'accounting'>;
  readonly vouchers?: number;
}): () => Promise<number> {
  return () =>
    inTransaction(deps.db, 'books.checkpoint', async (tx) => {
      if (!(await checkpointsStore.tryLock(tx))) return 0;
      const next = await checkpointsStore.next(tx, deps.vouchers ?? VOUCHERS_PER_CHECKPOINT);
      if (next === undefined) return 0;
      await pastBalancesStore.allowLong(tx);
      await checkpointsStore.insert(tx, next);
      return 1;
    });
}
