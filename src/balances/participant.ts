import type { Ids } from '../core/ids';
import type { Participant } from '../consistency/tcc/participant';
import { type Database, inTransaction } from '../consistency/transaction';
import { createAccountDirectory } from './account-directory';
import { cancelHolds, confirmHolds } from './end-holds';
import { createEndedHoldsStore } from './ended-holds-store';
import { type BalancesSchema, createHoldsStore } from './holds-store';
import { createMovementsStore } from './movements-store';
import { tryHolds } from './try-holds';

/**
 * The one participant, of which accounts and points are two instances. The hold is the fence:
 *
 * | row is      | Try                                             | Confirm            | Cancel               |
 * |-------------|-------------------------------------------------|--------------------|----------------------|
 * | absent      | insert `held`, reserve                          | impossible         | insert a tombstone   |
 * | cleaned     | `late`                                          | impossible         | no effect            |
 * | `held`      | same answer, no effect; other content: mismatch | apply, `confirmed` | release, `cancelled` |
 * | `confirmed` | same answer, no effect                          | same answer        | impossible           |
 * | `cancelled` | `late`                                          | impossible         | same answer          |
 *
 * Rows are locked in one order by all three: holds by their key, then accounts by their id.
 */
export function createParticipant({ db, ids }: { db: Database<BalancesSchema>; ids: Ids }): Participant {
  const holds = createHoldsStore(db.schema);
  const endedHolds = createEndedHoldsStore(db.schema);
  const movements = createMovementsStore(db.schema);
  const directory = createAccountDirectory({ movements, ids });
  const deps = { db, ids, holds, movements, directory };
  return {
    name: db.schema,
    try: (branches) => tryHolds(deps, branches),
    confirm: (keys) => confirmHolds(deps, keys),
    cancel: (keys) => cancelHolds(deps, keys),
    openHolds: (olderThanSeconds, limit, after) =>
      inTransaction(db, 'balances.open_holds', (tx) => holds.open(tx, olderThanSeconds, limit, after)),
    oldHolds: (olderThanDays, limit, after) => endedHolds.old(db, olderThanDays, limit, after),
    standing: (gids) => endedHolds.standing(db, gids),
    forgetHolds: (gids, olderThanDays) => endedHolds.forget(db, gids, olderThanDays),
    oldestHold: () => endedHolds.oldest(db),
  };
}
