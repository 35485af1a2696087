import type { MessageId } from '../../core/ids';
import type { Traceparent } from '../../core/traceparent';
import type { Tx } from '../transaction';

/**
 * The reliable message: `append` is called in the very transaction that makes the event true, so that both are there or
 * neither. After the commit, ids go to the queue as a hint; a sweep finds what the queue lost.
 */
export interface OutboxMessage {
  readonly id: MessageId;
  readonly topic: string;
  /** Unique per topic: the business event that the message speaks of. A second append of the same event is ignored. */
  readonly eventKey: string;
  readonly version: number;
  readonly payload: unknown;
  /** The trace of the event, which the consumer continues. */
  readonly traceparent: Traceparent | null;
}

export interface Outbox {
  /** @returns what hands the messages to whoever consumes them; to be called after the commit */
  append(tx: Tx<'orders'>, messages: readonly OutboxMessage[]): HandOver;
}
export type HandOver = () => void;

/**
 * Consumes messages of one topic. Idempotent per message, because a message may come again.
 * @returns per message `done`, or `failed` with a reason that a person can act on
 * @throws Unavailable where the consumer's own database cannot be reached: all of them come again
 */
export interface Consumer {
  readonly topic: string;
  consume(messages: readonly OutboxMessage[]): Promise<readonly Consumed[]>;
}

export type Consumed = { readonly kind: 'done' } | { readonly kind: 'failed'; readonly reason: string };

/** Hints to the queue that rows are due. Never awaited by an answer, never relied upon. */
export interface Hints {
  outbox(ids: readonly MessageId[]): void;
  notifications(ids: readonly string[]): void;
}
