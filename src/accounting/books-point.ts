import { type Database, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import { type PointRow, booksPointStore } from './books-point-store';
import { vouchersStore } from './vouchers-store';

/**
 * Which time counts for a balance at an instant. `posted_at`, the transaction time, is what the books said then: it rises
 * along the chain, so that such a balance never changes. `occurred_at`, the value time, is when the business event
 * happened: vouchers that are posted later still count for it.
 */
export type TimeBasis = 'posted_at' | 'occurred_at';

/** A point in the books: everything through this link of the chain, which says the same for ever. */
export interface BooksPoint {
  /** '0' before the first link. */
  readonly link: string;
  readonly hash: string | null;
  readonly postedAt: string | null;
  /** The instant that was asked for, RFC 3339 in UTC with six decimals; undefined for the newest link. */
  readonly at: string | undefined;
}

/** What was posted after one point and up to another: `from` is included in time and `to` is not. */
export interface BooksPeriod {
  /** Undefined for the beginning of the books. */
  readonly from: BooksPoint | undefined;
  readonly to: BooksPoint;
}

/** The newest link. */
export async function newestPoint(db: Database<'accounting'>): Promise<BooksPoint> {
  return toPoint(await booksPointStore.head(db), undefined);
}

/**
 * The last link that was posted up to an instant, the instant included; where it may still be missing, waits for whoever
 * is posting and sees to it that every later link is posted after the instant.
 * @param at RFC 3339; undefined for the database's present
 * @param earlierBy 1 takes the microsecond before the instant, so that what was posted at the instant itself is left out
 * @throws Problem `invalid_request` for an instant that has not come yet
 */
export async function pointAt(
  db: Database<'accounting'>,
  at: string | undefined,
  earlierBy: 0 | 1 = 0,
): Promise<BooksPoint> {
  const looked = await booksPointStore.lookAt(db, at, earlierBy);
  if (looked.is_future) throw new Problem('invalid_request', 'the instant lies in the future');
  if (!looked.is_closed) {
    await inTransaction(db, 'books.close_instant', async (tx) => {
      vouchersStore.lockHead(tx);
      await booksPointStore.close(tx, looked.instant);
    });
  }
  return toPoint(await booksPointStore.lastUpTo(db, looked.instant), looked.asked);
}

/**
 * @param from undefined for the beginning of the books; `to`: undefined for the database's present
 * @throws Problem `invalid_request` for a period that ends before it begins, or in the future
 */
export async function periodOf(
  db: Database<'accounting'>,
  { from, to }: { readonly from?: string | undefined; readonly to?: string | undefined },
): Promise<BooksPeriod> {
  const end = await pointAt(db, to, 1);
  if (from === undefined) return { from: undefined, to: end };
  const begin = await pointAt(db, from, 1);
  if (timeOf(begin) > timeOf(end)) throw new Problem('invalid_request', 'the period ends before it begins');
  return { from: begin, to: end };
}

/** The instant that a point was asked for. */
export function timeOf({ at }: BooksPoint): string {
  if (at === undefined) throw new Error('the newest point has no instant');
  return at;
}

function toPoint(row: PointRow, at: string | undefined): BooksPoint {
  return { link: row.number ?? '0', hash: row.hash, postedAt: row.posted_at, at };
}
