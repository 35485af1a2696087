import { idOf } from '../../core/ids';
import type { Hints, Outbox } from './outbox';
import { outboxStore } from './outbox-store';
import type { OwnMessages } from './own-messages';

/** For so long a new message is left to the hint that the flow gives the queue after its commit; then the sweep looks. */
const HINTED_FOR_SECONDS = 15;

/**
 * The writing side of the reliable message: one statement for a list, in the caller's transaction. The process keeps what it
 * can consume itself; of the rest the queue gets a hint.
 */
export function createOutbox({
  own,
  hints,
}: {
  readonly own: OwnMessages;
  readonly hints: Pick<Hints, 'outbox'>;
}): Outbox {
  return {
    append: (tx, messages) => {
      if (messages.length === 0) return () => undefined;
      const claim = own.claimFor(messages.length);
      if (claim !== undefined) {
        outboxStore.insertClaimed(tx, messages, claim);
        return () => {
          own.take(messages);
        };
      }
      outboxStore.insert(tx, messages, HINTED_FOR_SECONDS);
      return () => {
        hints.outbox(messages.map(idOf));
      };
    },
  };
}
