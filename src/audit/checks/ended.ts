import type { Databases } from '../../consistency/transaction';
import { movementsOfHold, movementsOfLegs } from '../amounts';
import type { Check } from '../check';
import { type HoldEvidence, type TransactionEvidence, evidence } from '../evidence-store';
import { groupBy } from '../group-by';
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

/** Guarantee 4, from the participants: every hold belongs to a transaction, which is older than it. */
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
      return holds
        .filter((hold) => !known.has(hold.gid))
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

/** What the log allows a hold to be. Tombstones are forgotten after a while, so a cancelled branch may have no hold. */
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
