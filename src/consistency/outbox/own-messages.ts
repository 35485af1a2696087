import type { Ids } from '../../core/ids';
import type { BirthClaim } from '../claims';
import type { OutboxMessage } from './outbox';

/**
 * What a process appends it consumes itself as long as it keeps up: such messages are born claimed, under one token of the
 * process, and after the commit they go from hand to hand, without the queue, a claim of their own, or their text read back.
 * Of a process that dies, others find them when their lease has run out, as they find what it had claimed.
 */
export interface OwnMessages {
  /** The claim under which so many messages are to be born; undefined where they are for the queue. */
  claimFor(messages: number): BirthClaim | undefined;
  /** Takes in what was committed under that claim. */
  take(messages: readonly OutboxMessage[]): void;
  /** @param consume never rejects */
  start(consume: ConsumeOwn): void;
  /** What is appended from now on is for the queue. */
  stop(): void;
  /** Resolves when nothing is waiting and nothing is being consumed. */
  idle(): Promise<void>;
}

export type ConsumeOwn = (token: string, messages: readonly OutboxMessage[]) => Promise<void>;

/** So many may wait. They are consumed in seconds; beyond that the queue spreads them over all processes. */
const ROOM = 2_000;
/** The longest list that is consumed at once. */
const LIST = 200;

/**
 * @param leaseMs how long nobody else takes them
 * @param pauseMs how long the first of a list waits for others, because a list costs the same statements however short it is
 */
export function createOwnMessages(
  { ids }: { readonly ids: Pick<Ids, 'token'> },
  leaseMs: number,
  pauseMs = 0,
): OwnMessages {
  const claim: BirthClaim = { token: ids.token(), leaseMs };
  let isOpen = false;
  let consume: ConsumeOwn = () => Promise.resolve();
  let waiting: OutboxMessage[] = [];
  let consuming: Promise<void> | undefined;

  const consumeAll = async (): Promise<void> => {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    while (waiting.length > 0) {
      const list = waiting.slice(0, LIST);
      waiting = waiting.slice(LIST);
      await consume(claim.token, list);
    }
    consuming = undefined;
  };

  return {
    claimFor: (messages) => (isOpen && waiting.length + messages <= ROOM ? claim : undefined),
    take: (messages) => {
      waiting.push(...messages);
      consuming ??= consumeAll();
    },
    start: (by) => {
      consume = by;
      isOpen = true;
    },
    stop: () => {
      isOpen = false;
    },
    idle: () => consuming ?? Promise.resolve(),
  };
}
