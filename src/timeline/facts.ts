import { isCurrency } from '../core/currencies';
import { type IdKind, showId } from '../core/ids';
import { Exact, displayAmount } from '../core/money';
import type { Retried } from './payment-store';

/** Money with its currency's decimals, points without any. */
export function quantity(amount: string, unit: string): string {
  return isCurrency(unit) ? displayAmount(amount, unit) : new Exact(amount).toFixed();
}

export function showIdOrNull(kind: IdKind, id: string | null): string | null {
  return id === null ? null : showId(kind, id);
}

/** The next try is only told where there will be one. */
export function retriedOf(
  row: Retried,
  pending: boolean,
): { attempts: number; next_try_at: string | null; last_error: string | null } {
  return { attempts: row.attempts, next_try_at: pending ? row.next_try_at : null, last_error: row.last_error };
}

interface Timed {
  readonly at: string;
  readonly kind: string;
}

/**
 * In the order of time. Where two happened in the same microsecond, or the clocks of two databases disagree by less than
 * shows, the order of `kinds` is the order of cause and effect.
 */
export function inOrder<Item extends Timed>(items: readonly Item[], kinds: readonly string[]): Item[] {
  const rank = new Map(kinds.map((kind, index) => [kind, index]));
  return [...items].sort((a, b) => {
    if (a.at !== b.at) return a.at < b.at ? -1 : 1;
    return (rank.get(a.kind) ?? 0) - (rank.get(b.kind) ?? 0);
  });
}

export interface LeftOut {
  readonly of: string;
  readonly count: number;
}

/** What is counted beyond what is listed; nothing where all is listed. */
export function leftOut(of: string, total: number | undefined, listed: number): LeftOut[] {
  const count = (total ?? 0) - listed;
  return count > 0 ? [{ of, count }] : [];
}

/** The same where each of several owners has its own newest: `owner` names it in a row. */
export function leftOutOfEach<Row extends { readonly total: number }>(
  of: string,
  rows: readonly Row[],
  owner: (row: Row) => string,
): LeftOut[] {
  const totals = new Map(rows.map((row) => [owner(row), row.total]));
  return leftOut(
    of,
    [...totals.values()].reduce((sum, total) => sum + total, 0),
    rows.length,
  );
}
