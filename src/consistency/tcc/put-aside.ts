import type { Away } from '../../core/errors';
import { gather } from '../../core/gather';
import type { Gid } from '../../core/ids';
import { createWaiting } from '../waiting-store';
import type { CoordinatorDependencies } from './hooks';
import { LOG_TABLE, type Plan } from './log-store';

/**
 * Puts transactions aside whose second phase met a participant that is away. It never fails: what could not be put aside has
 * its next try, and is put aside then.
 */
export function createPutAside<P extends Plan>({
  db,
  lists,
}: CoordinatorDependencies<P>): (transaction: { readonly gid: Gid }, away: Away) => Promise<void> {
  const waiting = createWaiting(db, { ...LOG_TABLE, columns: 't.gid' });
  const step = gather<{ readonly key: Gid; readonly database: string; readonly error: string }, undefined>(
    async (items) => {
      await waiting.putAside(items);
      return items.map(() => undefined);
    },
    { step: 'transactions.put_aside', ...lists },
  );
  return async ({ gid }, away) => {
    await step({ key: gid, database: away.database, error: away.message }).catch(() => undefined);
  };
}
