import type { Logger } from 'pino';
import { type Jitter, backoffMs } from '../src/core/backoff';

/** Something that is opened again whenever it could not be opened or has ended by itself. */
export interface KeptOpen<Part> {
  /** The part, while it is open. */
  current(): Part | undefined;
  /** The same, once the first opening has succeeded or failed, but not later than a while from the beginning. */
  afterFirst(): Promise<Part | undefined>;
  /** Opens it no more and closes it; resolves when it is closed. */
  close(): Promise<void>;
}

/** Who comes while the part is opened for the first time waits for it so long at most. */
const FIRST_OPENING_MS = 2_000;

interface Closable {
  /** Resolves where the part ends by itself; a part without it never does. */
  readonly ended?: Promise<void>;
  close(): Promise<void>;
}

/**
 * A BullMQ queue or worker that is made while its database is down stays dead for ever and says nothing, so it is made
 * again until it works. It never gives up: the service starts without its queue and goes on without it.
 */
export function keepOpen<Part extends Closable>(
  name: string,
  open: (signal: AbortSignal) => Promise<Part>,
  tools: { readonly logger: Pick<Logger, 'warn' | 'info'>; readonly jitter: Jitter },
): KeptOpen<Part> {
  const closing = new AbortController();
  const closed = new Promise<void>((resolve) => {
    closing.signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  let current: Part | undefined;
  const first = new AbortController();
  const firstOpened = pause(FIRST_OPENING_MS, first.signal);

  const openOnce = async (failures: number): Promise<Part | undefined> => {
    try {
      const part = await open(closing.signal);
      if (failures > 0) tools.logger.info({ event: 'queue.up', queue: name, failures }, 'the queue is reached');
      return part;
    } catch (error) {
      if (failures === 0 && !closing.signal.aborted)
        tools.logger.warn({ event: 'queue.down', err: error, queue: name }, 'the queue is down');
      return undefined;
    }
  };

  const keep = async (): Promise<void> => {
    let failures = 0;
    while (!closing.signal.aborted) {
      current = await openOnce(failures);
      first.abort();
      failures = current === undefined ? failures + 1 : 0;
      if (current === undefined) await pause(backoffMs(failures, tools.jitter, 200, 5_000), closing.signal);
      else await Promise.race([closed, ...(current.ended === undefined ? [] : [current.ended])]);
      const ended = current;
      current = undefined;
      await ended?.close();
    }
  };
  const kept = keep();
  return {
    current: () => current,
    afterFirst: async () => {
      await firstOpened;
      return current;
    },
    close: async () => {
      closing.abort();
      await kept;
    },
  };
}

/** Waits so long, or until `signal` is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end);
  });
}
