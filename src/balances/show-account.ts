import { isCurrency } from '../core/currencies';
import { showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import type { AccountRow, EntryRow } from './accounts-store';
import type { AccountView, EntryView, OperatorAccountView, PointsAccountView } from './balances-schemas';

/** What stands on an account: `available` is the balance less what is reserved; `pending` will be added to it. */
export interface Amounts {
  readonly balance: string;
  readonly reserved: string;
  readonly available: string;
  readonly pending: string;
}

/** A fund account as its merchant sees it. */
export function showAccount(row: AccountRow): AccountView {
  const { id, kind, reference, ...rest } = showParts(row);
  return { id, kind, reference, currency: row.unit, ...rest };
}

/** The same with whom it belongs to, for the operator: a merchant, or the house itself. */
export function showAccountToOperator(row: AccountRow): OperatorAccountView {
  const owner = row.kind === 'merchant' || row.kind === 'payee' ? showId('merchant', row.owner) : row.owner;
  return { ...showAccount(row), owner };
}

/** A points account, whose owner is a merchant and its customer. */
export function showPointsAccount(row: AccountRow): PointsAccountView {
  const { id, kind, reference, ...rest } = showParts(row);
  const slash = row.owner.indexOf('/');
  return {
    id,
    kind,
    reference,
    unit: row.unit,
    ...rest,
    owner: showId('merchant', row.owner.slice(0, slash)),
    customer: row.owner.slice(slash + 1),
  };
}

function showParts(row: AccountRow): Omit<AccountView, 'currency'> {
  return {
    id: showId('account', row.id),
    kind: row.kind,
    reference: row.name,
    ...showAmounts(row),
    status: row.status,
    created_at: row.created_at.toISOString(),
  };
}

export function showAmounts(row: AccountRow): Amounts {
  const available = new Exact(row.balance).minus(row.reserved).toFixed();
  const show = (amount: string): string => showQuantity(amount, row.unit);
  return {
    balance: show(row.balance),
    reserved: show(row.reserved),
    available: show(available),
    pending: show(row.pending),
  };
}

export function showEntry(row: EntryRow, unit: string): EntryView {
  return {
    id: showId('entry', row.id),
    number: Number(row.number),
    transaction: showId('transaction', row.gid),
    amount: showQuantity(row.amount, unit),
    balance_after: showQuantity(row.balance_after, unit),
    created_at: row.created_at.toISOString(),
  };
}

/** Money with its currency's decimals, points without any. */
function showQuantity(amount: string, unit: string): string {
  return isCurrency(unit) ? displayAmount(amount, unit) : new Exact(amount).toFixed();
}
