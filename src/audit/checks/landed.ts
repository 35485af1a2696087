import { Exact } from '../../core/money';
import type { Databases } from '../../consistency/transaction';
import { movementsOfEntries, movementsOfLegs, sumOf } from '../amounts';
import type { Check } from '../check';
import { type EntryEvidence, type ReceiptEvidence, type TransactionEvidence, evidence } from '../evidence-store';
import { groupBy } from '../../core/group-by';
import { keyPages } from '../key-pages-store';
import type { Finding } from '../report';
import { walk } from '../walk';

/**
 * Guarantee 1: every receipt is being worked on or has landed; what has landed are the entries of one transaction, leg by
 * leg, and they add up to what arrived. Read in the order in which it comes about, so that what a settled receipt needs is
 * there when it is looked for.
 */
export function landed(databases: Databases, graceSeconds: number): Check {
  return walk({
    guarantee: 1,
    keys: keyPages(databases.orders, 'receipts', 'id'),
    inspect: async (ids) => {
      const receipts = await evidence.receipts(databases.orders, ids, graceSeconds);
      const transactions = await evidence.transactionsOfReceipts(databases.orders, ids, graceSeconds);
      const gids = [
        ...transactions.map((transaction) => transaction.gid),
        ...receipts.flatMap(({ gid, cleaned }) => (cleaned && gid !== null ? [gid] : [])),
      ];
      const funds = groupBy(await evidence.entries(databases.accounts, gids), (entry) => entry.gid);
      const points = groupBy(await evidence.entries(databases.points, gids), (entry) => entry.gid);
      const byReceipt = groupBy(transactions, (transaction) => transaction.receipt_id);
      return receipts.flatMap((receipt) => {
        const own = byReceipt.get(receipt.id) ?? [];
        return [
          ...standing(receipt, own),
          ...own.flatMap((one) => entered(receipt, one, { funds, points })),
          ...(receipt.cleaned ? arrived(receipt, receipt.gid ?? '', funds) : []),
        ];
      });
    },
  });
}

/** Whether the receipt's state and those of its transactions go together. */
function standing(receipt: ReceiptEvidence, transactions: readonly TransactionEvidence[]): Finding[] {
  const live = transactions.filter((transaction) => transaction.status !== 'cancelled');
  const [only] = live;
  const finding = (what: string): Finding[] => [
    {
      key: receipt.id,
      what,
      facts: { receipt: receipt.status, transactions: live.map((one) => one.status).join(' ') },
    },
  ];
  if (live.length > 1) return finding('a receipt has more than one transaction');
  switch (receipt.status) {
    case 'settled':
      if (only === undefined && receipt.cleaned) return [];
      return only?.status === 'confirmed' ? [] : finding('a receipt is settled and its transaction is not confirmed');
    case 'decided': {
      if (only?.status !== 'confirming' && only?.status !== 'confirmed') {
        return finding('a receipt is decided and no transaction carries it out');
      }
      const forgotten = only.status === 'confirmed' && receipt.decided_long_ago;
      return forgotten ? finding('a receipt is not settled though its transaction has long been confirmed') : [];
    }
    case 'waiting':
    case 'settling':
      return only === undefined && receipt.left_alone ? finding('nobody is settling this receipt any more') : [];
  }
}

interface Entries {
  readonly funds: ReadonlyMap<string, readonly EntryEvidence[]>;
  readonly points: ReadonlyMap<string, readonly EntryEvidence[]>;
}

/** Whether the entries of a transaction are its legs: all of them if it is settled, none if it is cancelled. */
function entered(receipt: ReceiptEvidence, transaction: TransactionEvidence, { funds, points }: Entries): Finding[] {
  const fundEntries = funds.get(transaction.gid) ?? [];
  const pointEntries = points.get(transaction.gid) ?? [];
  const found = { accounts: movementsOfEntries(fundEntries), points: movementsOfEntries(pointEntries) };
  const finding = (what: string, facts: Finding['facts']): Finding => ({
    key: receipt.id,
    what,
    facts: { transaction: transaction.gid, ...facts },
  });
  if (transaction.status === 'cancelled') {
    return found.accounts + found.points === '' ? [] : [finding('money moved for a cancelled transaction', found)];
  }
  if (receipt.status !== 'settled') return [];
  const differing = (['accounts', 'points'] as const).flatMap((participant) => {
    const legs = transaction.branches.filter((one) => one.participant === participant).flatMap((one) => one.legs);
    const planned = movementsOfLegs(legs);
    if (planned === found[participant]) return [];
    return [
      finding('the entries of a settled receipt are not the legs that were decided', {
        planned,
        found: found[participant],
      }),
    ];
  });
  return differing.length > 0 ? differing : arrived(receipt, transaction.gid, funds);
}

/**
 * Whether what landed is what arrived, and in suspense where nobody was to have it. That much can be said without the
 * transaction; that the entries are its legs is then shown by its voucher (guarantee 7).
 */
function arrived(receipt: ReceiptEvidence, gid: string, funds: Entries['funds']): Finding[] {
  const entries = funds.get(gid) ?? [];
  const total = sumOf(entries.map((entry) => entry.amount));
  const foreign = entries.some((entry) => entry.unit !== receipt.currency);
  const elsewhere = receipt.outcome === 'suspense' && entries.some((entry) => !entry.code.startsWith('suspense/'));
  if (total.eq(new Exact(receipt.amount)) && !foreign && !elsewhere) return [];
  const facts = {
    transaction: gid,
    arrived: `${receipt.amount} ${receipt.currency}`,
    landed: movementsOfEntries(entries),
  };
  return [{ key: receipt.id, what: 'what landed is not what arrived', facts }];
}
