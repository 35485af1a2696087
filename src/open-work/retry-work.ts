import type { Database } from '../consistency/transaction';
import { Problem } from '../core/errors';
import { type Nameable, retryStore } from './retry-store';
import { WORK, type WhichWork, type Work } from './work';

export interface RetryWish extends WhichWork {
  /** All kinds where none is named. */
  readonly work: readonly Work[];
  /** The most rows of each kind. */
  readonly limit: number;
}

export interface Retried {
  readonly retried: Readonly<Record<Work, number>>;
  /** Whether a kind had as many as the limit, so that another call may find more. */
  readonly more: boolean;
}

export interface Retries {
  /** Makes due what waits for its backoff. Recovery takes it within a second, in any process; nothing is worked on here. */
  all(wish: RetryWish): Promise<Retried>;
  /** The same for one row. @throws Problem `not_found`, `not_retryable` */
  one(work: Nameable, id: string): Promise<void>;
}

export function createRetries({ db }: { readonly db: Database<'orders'> }): Retries {
  return {
    all: async ({ work, limit, ...which }) => {
      const retried: Record<Work, number> = { receipts: 0, transactions: 0, messages: 0, notifications: 0 };
      for (const one of WORK) {
        if (work.includes(one)) retried[one] = await retryStore.retry(db, one, which, limit);
      }
      return { retried, more: WORK.some((one) => retried[one] === limit) };
    },
    one: async (work, id) => {
      if (await retryStore.retryOne(db, work, id)) return;
      const standing = await retryStore.standing(db, work, id);
      if (standing === undefined) throw new Problem('not_found', 'there is no such thing to be tried again');
      if (!standing.open)
        throw new Problem('not_retryable', 'it does not wait: it has ended, or its transaction goes on');
      const until = standing.next_try_at?.toISOString() ?? 'soon';
      throw new Problem('not_retryable', `it is being worked on just now; recovery looks at it again by ${until}`);
    },
  };
}
