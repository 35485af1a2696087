import { Exact } from '../../core/money';
import { CHANNEL_RECEIVABLES, CONTROL_ACCOUNTS } from '../../accounting/chart';
import type { Databases } from '../../consistency/transaction';
import { movementsOfEntries, movementsText } from '../amounts';
import type { Check } from '../check';
import { readUnlogged } from '../cleaned';
import { type EntryEvidence, type PostingEvidence, type ReceiptEvidence, evidence } from '../evidence-store';
import { groupBy } from '../../core/group-by';
import { keyPages } from '../key-pages-store';
import type { Finding } from '../report';
import { walk } from '../walk';

/**
 * Guarantee 6, from the receipts: each has one voucher, over what arrived, and the control accounts moved in it as the fund
 * accounts did. Transaction by transaction, because totals of two databases that move can never be compared.
 */
export function vouchered(databases: Databases, graceSeconds: number): Check {
  return walk({
    guarantee: 6,
    keys: keyPages(databases.orders, 'receipts', 'id'),
    inspect: async (ids) => {
      const receipts = (await evidence.receipts(databases.orders, ids, graceSeconds)).filter(
        (receipt) => receipt.status === 'settled' || receipt.decided_long_ago,
      );
      const vouchers = await evidence.vouchersOfReceipts(databases.accounting, ids);
      const postings = groupBy(
        await evidence.postings(
          databases.accounting,
          vouchers.map((voucher) => voucher.id),
        ),
        (posting) => posting.voucher_id,
      );
      const gids = vouchers.flatMap((voucher) => voucher.gid ?? []);
      const entries = groupBy(await evidence.entries(databases.accounts, gids), (entry) => entry.gid);
      const byReceipt = groupBy(vouchers, (voucher) => voucher.receipt_id);
      return receipts.flatMap((receipt) => {
        const [voucher, ...others] = byReceipt.get(receipt.id) ?? [];
        if (others.length > 0) return [finding(receipt, 'a receipt has several vouchers', {})];
        if (voucher === undefined) {
          return receipt.decided_long_ago
            ? [finding(receipt, 'a receipt has no voucher', { receipt: receipt.status })]
            : [];
        }
        return compare(receipt, postings.get(voucher.id) ?? [], entries.get(voucher.gid ?? '') ?? []);
      });
    },
  });
}

/** Guarantee 6, from the books: there is no voucher over a receipt that was not decided. The receipt is older. */
export function vouchersFounded(databases: Databases, graceSeconds: number): Check {
  return walk({
    guarantee: 6,
    keys: keyPages(databases.accounting, 'vouchers', 'id'),
    inspect: async (ids) => {
      const vouchers = await evidence.vouchers(databases.accounting, ids);
      const gids = vouchers.flatMap((voucher) => voucher.gid ?? []);
      const transactions = await evidence.transactions(databases.orders, gids, graceSeconds);
      const decided = new Map(
        transactions
          .filter((one) => one.status === 'confirming' || one.status === 'confirmed')
          .map((one) => [one.gid, one.receipt_id]),
      );
      const logged = new Set(transactions.map((one) => one.gid));
      const unlogged = await readUnlogged(
        databases,
        gids.filter((gid) => !logged.has(gid)),
        graceSeconds,
      );
      return vouchers
        .filter(({ gid, receipt_id }) => gid !== null && (decided.get(gid) ?? unlogged.receiptOf(gid)) !== receipt_id)
        .map((voucher) => ({
          key: voucher.id,
          what: 'a voucher over a receipt that no transaction has decided',
          facts: { receipt: voucher.receipt_id, transaction: voucher.gid },
        }));
    },
  });
}

function finding(receipt: ReceiptEvidence, what: string, facts: Finding['facts']): Finding {
  return { key: receipt.id, what, facts };
}

function compare(
  receipt: ReceiptEvidence,
  postings: readonly PostingEvidence[],
  entries: readonly EntryEvidence[],
): Finding[] {
  const received = postings.filter((posting) => posting.account === CHANNEL_RECEIVABLES);
  const gross = received.reduce((sum, posting) => sum.plus(posting.debit).minus(posting.credit), new Exact(0));
  if (!gross.eq(receipt.amount) || received.some((posting) => posting.currency !== receipt.currency)) {
    return [
      finding(receipt, 'a voucher is not over what arrived', { arrived: receipt.amount, booked: gross.toFixed() }),
    ];
  }
  if (receipt.status !== 'settled') return [];
  const booked = movementsText(postings.flatMap(controlMovement));
  const entered = movementsOfEntries(entries);
  if (booked === entered) return [];
  return [finding(receipt, 'the control accounts moved otherwise than the fund accounts', { booked, entered })];
}

/** A posting to a control account as the movement of the fund account that it stands for. */
function controlMovement(posting: PostingEvidence): { account: string; amount: Exact }[] {
  const amount = new Exact(posting.credit).minus(posting.debit);
  switch (posting.account) {
    case CONTROL_ACCOUNTS.merchant:
      return [{ account: `merchant/${posting.party}/${posting.currency}`, amount }];
    case CONTROL_ACCOUNTS.payee:
      return [{ account: posting.party, amount }];
    case CONTROL_ACCOUNTS.fees:
      return [{ account: `fees/${posting.currency}`, amount }];
    case CONTROL_ACCOUNTS.suspense:
      return [{ account: `suspense/${posting.currency}`, amount }];
    default:
      return [];
  }
}
