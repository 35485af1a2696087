import type { Outbox } from './outbox';
import { outboxStore } from './outbox-store';

/** For so long a new message is left to the hint that the flow gives the queue after its commit; then the sweep looks. */
const HINTED_FOR_SECONDS = 15;

/** The writing side of the reliable message: one statement for a list, in the caller's transaction. */
export function createOutbox(): Outbox {
  return {
    append: (tx, messages) => {
      if (messages.length > 0) outboxStore.insert(tx, messages, HINTED_FOR_SECONDS);
    },
  };
}
