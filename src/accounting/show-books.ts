import { showId } from '../core/ids';
import { displayAmount } from '../core/money';
import type { LedgerAccountRow, PartySum } from './ledger-store';
import type { VoucherWithPostings } from './read-vouchers';
import { type TrialBalance, toLine } from './trial-balance';

/** The books as the operator API shows them. */
export function showTrialBalance({ lines, totals }: TrialBalance): object {
  return {
    data: lines.map((line) => ({
      account: line.account,
      name: line.name,
      currency: line.debit.currency,
      debit: line.debit.toString(),
      credit: line.credit.toString(),
      balance: line.balance.toString(),
    })),
    totals: totals.map((total) => ({
      currency: total.debit.currency,
      debit: total.debit.toString(),
      credit: total.credit.toString(),
      difference: total.difference.toString(),
    })),
  };
}

export function showLedgerAccount(row: LedgerAccountRow): object {
  return { account: row.code, name: row.name, type: row.type, normal_side: row.normal_side, party: row.party };
}

export function showPartyBalance(row: PartySum): object {
  const { account, name, debit, credit, balance } = toLine(row);
  return {
    account,
    name,
    party: row.party === '' ? null : row.party,
    currency: row.currency,
    debit: debit.toString(),
    credit: credit.toString(),
    balance: balance.toString(),
  };
}

export function showVoucher(voucher: VoucherWithPostings): object {
  return {
    id: showId('voucher', voucher.id),
    kind: voucher.kind,
    description: voucher.description,
    order: voucher.order_id === null ? null : showId('order', voucher.order_id),
    receipt: voucher.receipt_id === null ? null : showId('receipt', voucher.receipt_id),
    transaction: voucher.gid === null ? null : showId('transaction', voucher.gid),
    link: voucher.link_number,
    content_hash: voucher.content_hash,
    occurred_at: voucher.occurred_at,
    posted_at: voucher.posted_at,
    postings: voucher.postings.map(({ account, party, currency, debit, credit }) => ({
      account,
      party: party === '' ? null : party,
      currency,
      debit: displayAmount(debit, currency),
      credit: displayAmount(credit, currency),
    })),
  };
}
