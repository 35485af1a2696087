import { showId } from '../core/ids';
import { displayAmount } from '../core/money';
import type { AsOfView, ChartView, PartyBalanceView, TrialBalanceView, VoucherView } from './accounting-schemas';
import type { LedgerAccountRow } from './ledger-store';
import type { PartySum } from './past-balances-store';
import type { VoucherWithPostings } from './read-vouchers';
import { type AsOf, type TrialBalance, toLine } from './trial-balance';

/** The books as the operator API shows them. */
export function showTrialBalance({ asOf, lines, totals }: TrialBalance): TrialBalanceView {
  return {
    as_of: showAsOf(asOf),
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

export function showAsOf({ point, by }: AsOf): AsOfView {
  return {
    at: point.at ?? null,
    by,
    link: point.link === '0' ? null : point.link,
    hash: point.hash,
    posted_at: point.postedAt,
  };
}

export function showLedgerAccount(row: LedgerAccountRow): ChartView {
  return { account: row.code, name: row.name, type: row.type, normal_side: row.normal_side, party: row.party };
}

export function showPartyBalance(row: PartySum): PartyBalanceView {
  const { account, name, debit, credit, balance } = toLine(row);
  return {
    account,
    name,
    party: showParty(row.party),
    currency: row.currency,
    debit: debit.toString(),
    credit: credit.toString(),
    balance: balance.toString(),
  };
}

export function showParty(party: string): string | null {
  return party === '' ? null : party;
}

export function showReferences(row: {
  readonly order_id: string | null;
  readonly receipt_id: string | null;
  readonly gid: string | null;
}): Pick<VoucherView, 'order' | 'receipt' | 'transaction'> {
  return {
    order: row.order_id === null ? null : showId('order', row.order_id),
    receipt: row.receipt_id === null ? null : showId('receipt', row.receipt_id),
    transaction: row.gid === null ? null : showId('transaction', row.gid),
  };
}

export function showVoucher(voucher: VoucherWithPostings): VoucherView {
  return {
    id: showId('voucher', voucher.id),
    kind: voucher.kind,
    description: voucher.description,
    ...showReferences(voucher),
    link: voucher.link_number,
    content_hash: voucher.content_hash,
    occurred_at: voucher.occurred_at,
    posted_at: voucher.posted_at,
    postings: voucher.postings.map(({ account, party, currency, debit, credit }) => ({
      account,
      party: showParty(party),
      currency,
      debit: displayAmount(debit, currency),
      credit: displayAmount(credit, currency),
    })),
  };
}
