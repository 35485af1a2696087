import { isCurrency } from '../core/currencies';
import { showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import type { AccountRow, EntryRow } from './accounts-store';

type Shown = Readonly<Record<string, string | number | null>>;

/** What stands on an account: `available` is the balance less what is reserved; `pending` will be added to it. */
export interface Amounts {
  readonly balance: string;
  readonly reserved: string;
  readonly available: string;
  readonly pending: string;
}

/** An account as its merchant sees it. */
export function showAccount(row: AccountRow): Shown {
  return {
    id: showId('account', row.id),
    kind: row.kind,
    reference: row.name,
    ...(isCurrency(row.unit) ? { currency: row.unit } : { unit: row.unit }),
    ...showAmounts(row),
    status: row.status,
    created_at: row.created_at.toISOString(),
  };
}

/** The same with whom it belongs to, for the operator. */
export function showAccountToOperator(row: AccountRow): Shown {
  return { ...showAccount(row), ...showOwner(row) };
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

export function showEntry(row: EntryRow, unit: string): Shown {
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

/** An owner is a merchant, a merchant and its customer, or the house itself. */
function showOwner(row: AccountRow): Shown {
  if (row.kind === 'customer') {
    const slash = row.owner.indexOf('/');
    return { owner: showId('merchant', row.owner.slice(0, slash)), customer: row.owner.slice(slash + 1) };
  }
  return { owner: row.kind === 'merchant' || row.kind === 'payee' ? showId('merchant', row.owner) : row.owner };
}
