import type { Tx } from '../consistency/transaction';
import { type BooksFault, booksFaultsStore } from './books-faults-store';

/**
 * Makes every checkpoint's sums again, from the checkpoint before it and the lines in between, in the database: a past
 * balance may be read from a checkpoint only because one that lies is found here.
 * @returns how many hold, and the first that does not
 */
export async function verifyCheckpoints(
  tx: Tx<'accounting'>,
): Promise<{ readonly checkpoints: number; readonly fault: BooksFault | undefined }> {
  let checkpoints = 0;
  let previous = '0';
  for (let page = await booksFaultsStore.checkpoints(tx, previous); page.length > 0;) {
    for (const { number, is_linked } of page) {
      if (!is_linked) return { checkpoints, fault: { link: number, reason: 'a checkpoint lies at no link' } };
      const what = await booksFaultsStore.wrongSum(tx, number, previous);
      if (what !== undefined) {
        return { checkpoints, fault: { link: number, reason: `the checkpoint has a wrong sum for ${what}` } };
      }
      checkpoints += 1;
      previous = number;
    }
    page = await booksFaultsStore.checkpoints(tx, previous);
  }
  return { checkpoints, fault: await booksFaultsStore.straySum(tx) };
}
