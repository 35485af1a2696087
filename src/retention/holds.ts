import { cleanedThrough } from '../consistency/retention-store';
import type { Participant } from '../consistency/tcc/participant';
import type { Database } from '../consistency/transaction';
import type { Gid } from '../core/ids';
import type { Kind } from './retention';
import { oldTransactionsStore } from './transactions-store';

/**
 * Ended holds of a participant, tombstones among them. A hold outlives its transaction: it is cleaned only when the log had the
 * transaction, knew it as ended and has cleaned it, so that a Try, Confirm or Cancel that comes late still finds its hold. A
 * hold of which the log never knew is not cleaned; it is an incident.
 */
export function endedHolds(deps: {
  readonly db: Database<'orders'>;
  readonly participant: Participant;
  readonly days: number;
}): Kind {
  const { db, participant, days } = deps;
  return {
    name: `${participant.name}_holds`,
    days,
    look: async (after, limit) => {
      const rows = await participant.oldHolds(days, limit, after as Gid | undefined);
      const ended = rows.filter((row) => row.ended).map((row) => row.gid);
      if (ended.length === 0) return { last: rows.at(-1)?.gid, looked: rows.length, finished: [] };
      const known = await oldTransactionsStore.known(db, ended);
      // The mark is read after the log: a transaction that was cleaned in between is below it.
      const through = await cleanedThrough(db, 'transactions');
      const finished = ended.filter((gid) => !known.has(gid) && gid <= through);
      return { last: rows.at(-1)?.gid, looked: rows.length, finished };
    },
    clean: (gids) => participant.forgetHolds(gids as readonly Gid[], days),
    oldest: () => participant.oldestHold(),
  };
}
