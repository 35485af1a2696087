import type { Database, Databases } from '../../consistency/transaction';
import type { Check } from '../check';
import { readUnlogged } from '../cleaned';
import { evidence } from '../evidence-store';
import { keyPages } from '../key-pages-store';
import { walk } from '../walk';

/**
 * Guarantee 3: behind every movement there is a transaction, and behind every transaction a receipt (`referenceRules`)
 * with its verified event. Movements are read first: the transaction is older. Behind one that was cleaned there is its voucher.
 */
export function founded(databases: Databases, participant: 'accounts' | 'points', graceSeconds: number): Check {
  const db: Database<'accounts'> | Database<'points'> = databases[participant];
  return walk({
    guarantee: 3,
    keys: keyPages(db, 'entries', 'gid'),
    inspect: async (gids) => {
      const entries = await entriesOf(databases, participant, gids);
      const known = new Set((await evidence.transactions(databases.orders, gids, graceSeconds)).map((one) => one.gid));
      const missing = entries.filter((entry) => !known.has(entry.gid));
      const unlogged = await readUnlogged(databases, [...new Set(missing.map((entry) => entry.gid))], graceSeconds);
      return missing
        .filter((entry) => unlogged.receiptOf(entry.gid) === undefined)
        .map((entry) => ({
          key: entry.gid,
          what: `in ${participant}, money moved and there is no transaction that moved it`,
          facts: { account: entry.code, amount: entry.amount },
        }));
    },
  });
}

function entriesOf(databases: Databases, participant: 'accounts' | 'points', gids: readonly string[]) {
  return participant === 'accounts'
    ? evidence.entries(databases.accounts, gids)
    : evidence.entries(databases.points, gids);
}
