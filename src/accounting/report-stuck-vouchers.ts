import type { Tx } from '../consistency/transaction';
import type { StuckMessage } from '../consistency/outbox/consume';
import { stuckFacts } from '../core/stuck';
import type { Incidents } from '../incidents/incident';

/** Opens an incident per message of the outbox that fails again and again: a voucher that the books do not have yet. */
export function createStuckVoucherReport({ incidents }: { incidents: Incidents }) {
  return (tx: Tx<'orders'>, stuck: readonly StuckMessage[]): Promise<void> =>
    incidents.report(
      tx,
      stuck.map((message) => ({
        kind: 'voucher_stuck',
        subject: `${message.topic} ${message.eventKey}`,
        traceparent: message.traceparent,
        facts: {
          message: message.id,
          ...stuckFacts({
            attempts: message.attempts,
            last_error: message.error,
            next_try_at: message.nextTryAt,
            age_seconds: message.ageSeconds,
          }),
        },
      })),
    );
}
