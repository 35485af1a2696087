import { type Database, type Tx, inTransaction } from '../consistency/transaction';
import { Problem } from '../core/errors';
import type { EndpointId, MerchantId, NotificationId } from '../core/ids';
import type { Endpoint } from './endpoints-store';
import { type WhichFailed, lockFailed, lockForResend, reschedule, rescheduleFailed } from './resend-store';

/** What a resend of many did; `remaining` says that there may be more, for another call. */
export interface Resent {
  readonly resent: number;
  readonly remaining: boolean;
}

export interface Resends {
  /**
   * Sends one again, whatever became of it: due now, on its endpoint's schedule.
   * @param merchantId only where it is this merchant's
   * @throws Problem `not_found`, `endpoint_disabled`, `not_resendable` (no endpoint, or it is being sent just now)
   */
  one(id: NotificationId, merchantId: MerchantId | undefined): Promise<void>;
  /** Sends again what has failed for good since then, at most 5,000, spread over the time after. @throws Problem `endpoint_disabled` */
  failedSince(endpoint: Pick<Endpoint, 'id' | 'status'>, since: string): Promise<Resent>;
  /** The same for all active endpoints, those of a merchant, or one. */
  allFailedSince(
    since: string,
    of: { readonly merchantId: MerchantId | undefined; readonly endpointId: EndpointId | undefined },
  ): Promise<Resent>;
}

/** One statement takes at most so many. */
const MOST_RESENT = 5_000;

export function createResends(tools: {
  readonly db: Database<'orders'>;
  /** Told after the commit what is due at once. */
  readonly hint: (ids: readonly NotificationId[]) => void;
}): Resends {
  return {
    one: async (id, merchantId) => {
      await inTransaction(tools.db, 'notifications.resend', async (tx) => {
        const found = await lockForResend(tx, id);
        if (found === undefined || (merchantId !== undefined && found.merchantId !== merchantId)) {
          throw new Problem('not_found', 'there is no such notification');
        }
        if (found.endpointStatus === null) {
          throw new Problem('not_resendable', 'no endpoint wanted it when it was announced');
        }
        if (found.endpointStatus === 'disabled') throw new Problem('endpoint_disabled', 'enable its endpoint first');
        if (found.inFlight) throw new Problem('not_resendable', 'it is being sent just now');
        await reschedule(tx, [id]);
      });
      tools.hint([id]);
    },
    failedSince: async ({ id, status }, since) => {
      if (status === 'disabled') throw new Problem('endpoint_disabled', 'enable the endpoint first');
      return inTransaction(tools.db, 'notifications.resend_failed', (tx) =>
        resendFailed(tx, id, { since, exhaustedToo: true }),
      );
    },
    allFailedSince: async (since, of) => {
      const { found, resent } = await rescheduleFailed(tools.db, since, of, MOST_RESENT);
      return { resent, remaining: found === MOST_RESENT };
    },
  };
}

/** In a transaction of the caller: what has failed for good. */
export async function resendFailed(tx: Tx<'orders'>, endpointId: EndpointId, which: WhichFailed): Promise<Resent> {
  const ids = await lockFailed(tx, endpointId, which, MOST_RESENT);
  const resent = ids.length === 0 ? [] : await reschedule(tx, ids);
  return { resent: resent.length, remaining: ids.length === MOST_RESENT };
}
