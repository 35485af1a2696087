import { type Exact, Money } from '../core/money';
import type { SubLedgerLine } from './compare-sub-ledgers';
import type { SubLedgerView } from './sub-ledgers-schemas';

export function showSubLedger(line: SubLedgerLine): SubLedgerView {
  const show = (amount: Exact): string => Money.fromDatabase(amount.toFixed(), line.currency).toString();
  return {
    account: line.account,
    name: line.tied.name,
    party: line.party === '' ? null : line.party,
    currency: line.currency,
    counterpart: line.tied.counterpart,
    books: show(line.books),
    counterpart_balance: show(line.counterpart),
    recent_books: show(line.recentBooks),
    recent_counterpart: show(line.recentCounterpart),
    difference: show(line.difference),
  };
}
