import { contentHash } from '../../core/canonical';
import type { Databases } from '../../consistency/transaction';
import { groupBy } from '../../core/group-by';
import type { Check } from '../check';
import { hashOfEntries } from '../cleaned';
import { type TransactionEvidence, type VoucherEvidence, evidence } from '../evidence-store';
import type { Finding } from '../report';
import { keyPages } from '../key-pages-store';
import { walk } from '../walk';

/**
 * Guarantee 7 across databases: a voucher lies under the chain and carries the hash of its transaction's legs. Where the
 * log still has the legs of that hash, and the entries are those legs (guarantee 1), the chain has them too. Where the log
 * has been cleaned, the entries themselves must have that hash.
 */
export function legsKept(databases: Databases, graceSeconds: number): Check {
  return walk({
    guarantee: 7,
    keys: keyPages(databases.accounting, 'vouchers', 'id'),
    inspect: async (ids) => {
      const vouchers = await evidence.vouchers(databases.accounting, ids);
      const gids = vouchers.flatMap((voucher) => voucher.gid ?? []);
      const transactions = new Map(
        (await evidence.transactions(databases.orders, gids, graceSeconds)).map((one) => [one.gid, one]),
      );
      const unlogged = vouchers.filter((voucher) => voucher.gid !== null && !transactions.has(voucher.gid));
      const differing = await notOfTheirEntries(databases, unlogged);
      const changed = vouchers.flatMap((voucher) => {
        const transaction = transactions.get(voucher.gid ?? '');
        if (transaction === undefined) return [];
        const recomputed = hashOfLegs(transaction);
        if (recomputed === voucher.legs_hash && recomputed === transaction.legs_hash) return [];
        return [
          {
            key: voucher.id,
            what: 'the legs of a transaction are not those that its voucher was posted over',
            facts: { transaction: transaction.gid, voucher: voucher.legs_hash, log: transaction.legs_hash, recomputed },
          },
        ];
      });
      return [...changed, ...differing];
    },
  });
}

/** That there was such a transaction is a matter of guarantee 6. */
async function notOfTheirEntries(
  { accounts, points }: Databases,
  vouchers: readonly VoucherEvidence[],
): Promise<Finding[]> {
  const gids = vouchers.flatMap((voucher) => voucher.gid ?? []);
  if (gids.length === 0) return [];
  const funds = groupBy(await evidence.entries(accounts, gids), (entry) => entry.gid);
  const granted = groupBy(await evidence.entries(points, gids), (entry) => entry.gid);
  return vouchers.flatMap((voucher) => {
    const gid = voucher.gid ?? '';
    const recomputed = hashOfEntries({ accounts: funds.get(gid) ?? [], points: granted.get(gid) ?? [] });
    if (recomputed === voucher.legs_hash) return [];
    return [
      {
        key: voucher.id,
        what: 'the entries of a transaction are not the legs that its voucher was posted over',
        facts: { transaction: gid, voucher: voucher.legs_hash, recomputed },
      },
    ];
  });
}

/** What is hashed when a transaction is opened; how a missing account would be opened is no part of it. */
function hashOfLegs({ branches }: TransactionEvidence): string {
  return contentHash(
    branches.map(({ participant, branch, legs }) => ({
      participant,
      branch,
      legs: legs.map(({ account, direction, amount }) => ({ account, direction, amount })),
    })),
  );
}
