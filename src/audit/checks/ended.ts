import type { Databases } from '../../consistency/transaction';
import { movementsOfHold, movementsOfLegs } from '../amounts';
import type { Check } from '../check';
import { readUnlogged } from '../cleaned';
import { type HoldEvidence, type TransactionEvidence, evidence } from '../evidence-store';
import { groupBy } from '../../core/group-by';
import { keyPages } from '../key-pages-store';
import type { Finding } from '../report';
import { walk } from '../walk';

export const PARTICIPANTS = ['accounts', 'points'] as const;
export type ParticipantName = (typeof PARTICIPANTS)[number];

/**
 * Guarantee 4, from the log: every transaction has ended or is young, and each participant holds what the log says. The
 * audit could reach all participants when it came here, so that a transaction which does not end within its patience is
 * one that nobody ends.
 */
export function ended(databases: Databases, graceSeconds: number): Check {
  return walk({
    guarantee: 4,
    keys: keyPages(databases.orders, 'global_transactions', 'gid'),
    inspect: async (gids) => {
      const transactions = await evidence.transactions(databases.orders, gids, graceSeconds);
      const holds = {
        accounts: groupBy(await evidence.holds(databases.accounts, gids), (hold) => hold.gid),
        points: groupBy(await evidence.holds(databases.points, gids), (hold) => hold.gid),
      };
      return transactions.flatMap((one) => [
        ...overdue(one),
        ...PARTICIPANTS.flatMap((participant) => agrees(one, participant, holds[participant].get(one.gid) ?? [])),
      ]);
    },
  });
}

/**
 * Guarantee 4, from the participants: every hold belongs to a transaction, which is older than it, or did so until that was
 * cleaned; then it has ended.
 */
export function holdsBelong(databases: Databases, participant: ParticipantName, graceSeconds: number): Check {
  const accounts = participant === 'accounts';
  return walk({
    guarantee: 4,
    keys: accounts ? keyPages(databases.accounts, 'holds', 'gid') : keyPages(databases.points, 'holds', 'gid'),
    inspect: async (gids) => {
      const holds = await (accounts
        ? evidence.holds(databases.accounts, gids)
        : evidence.holds(databases.points, gids));
      const known = new Set((await evidence.transactions(databases.orders, gids, graceSeconds)).map((one) => one.gid));
      const missing = holds.filter((hold) => !known.has(hold.gid));
      const unlogged = await readUnlogged(databases, [...new Set(missing.map((hold) => hold.gid))], graceSeconds);
      const belonged = ({ gid, status }: HoldEvidence): boolean =>
        (status === 'confirmed' && unlogged.receiptOf(gid) !== undefined) ||
        (status === 'cancelled' && unlogged.mayHaveBeenCancelled(gid));
      return missing
        .filter((hold) => !belonged(hold))
        .map((hold) => ({
          key: hold.gid,
          what: `in ${participant}, a hold of a transaction that does not exist`,
          facts: { branch: hold.branch, status: hold.status },
        }));
    },
  });
}

function overdue(transaction: TransactionEvidence): Finding[] {
  if (!transaction.overdue) return [];
  return [{ key: transaction.gid, what: 'a transaction does not end', facts: { status: transaction.status } }];
}

/** What the log allows a hold to be. A cancelled branch that has no hold has no effect either. */
const ALLOWED: Readonly<Record<TransactionEvidence['status'], readonly (HoldEvidence['status'] | 'absent')[]>> = {
  trying: ['absent', 'held'],
  confirming: ['held', 'confirmed'],
  confirmed: ['confirmed'],
  cancelling: ['absent', 'held', 'cancelled'],
  cancelled: ['absent', 'cancelled'],
};

function agrees(
  transaction: TransactionEvidence,
  participant: ParticipantName,
  holds: readonly HoldEvidence[],
): Finding[] {
  const planned = transaction.branches.filter((one) => one.participant === participant);
  const unplanned = holds.filter((hold) => !planned.some((one) => one.branch === hold.branch));
  const finding = (what: string, facts: Finding['facts']): Finding => ({ key: transaction.gid, what, facts });
  return [
    ...unplanned.map((hold) => finding(`in ${participant}, a hold that was not planned`, { branch: hold.branch })),
    ...planned.flatMap(({ branch, legs }) => {
      const hold = holds.find((one) => one.branch === branch);
      const status = hold?.status ?? 'absent';
      if (!ALLOWED[transaction.status].includes(status)) {
        return [
          finding(`in ${participant}, a branch did not end as its transaction`, {
            transaction: transaction.status,
            branch: status,
          }),
        ];
      }
      if (hold === undefined || hold.status === 'cancelled') return [];
      const [wanted, found] = [movementsOfLegs(legs), movementsOfHold(hold)];
      return wanted === found
        ? []
        : [finding(`in ${participant}, a hold is not what was planned`, { planned: wanted, held: found })];
    }),
  ];
}
