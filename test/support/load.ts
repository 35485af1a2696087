import { setTimeout as wait } from 'node:timers/promises';
import type { VendorCallback } from './vendor-callbacks/vendor-bank';

export interface Load {
  /** Indexes of the callbacks that were answered with success at least once. */
  readonly acknowledged: ReadonlySet<number>;
  /** Resolves when so many have been acknowledged. */
  reached(count: number): Promise<void>;
  /** Resolves when every callback has been acknowledged; rejects where that takes longer than `withinMs`. */
  finished(withinMs?: number): Promise<void>;
}

export interface LoadOptions {
  /** How many callbacks are under way at once. */
  readonly callers: number;
  /** Where an attempt goes: a bank that could not reach one process calls the next. */
  readonly url: (attempt: number) => string;
  /** Every so many-eth callback is sent twice at once. */
  readonly twiceEvery?: number;
  /** How long the bank waits for an answer. */
  readonly patienceMs?: number;
  /** Told of every answer, and of each that never came. */
  readonly onTold?: (told: Told | undefined) => void;
}

/** What a caller was told. */
export interface Told {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
}

/** A bank under load: many callers, each repeating its callback until it is acknowledged, with duplicates among them. */
export function sendAll(callbacks: readonly VendorCallback[], options: LoadOptions): Load {
  const acknowledged = new Set<number>();
  const waiting: { count: number; resolve: () => void }[] = [];
  let next = 0;
  let attempts = 0;

  const once = async ({ headers, body }: VendorCallback): Promise<boolean> => {
    attempts += 1;
    try {
      const answer = await fetch(options.url(attempts), {
        method: 'POST',
        headers,
        body: new Uint8Array(body),
        signal: AbortSignal.timeout(options.patienceMs ?? 30_000),
      });
      const told = await answer.text();
      options.onTold?.({ status: answer.status, headers: answer.headers, body: told });
      return answer.ok;
    } catch {
      options.onTold?.(undefined);
      return false;
    }
  };
  const deliver = async (index: number): Promise<void> => {
    const callback = callbacks[index]!;
    const isTwice = options.twiceEvery !== undefined && index % options.twiceEvery === 0;
    for (;;) {
      const answers = await Promise.all(isTwice ? [once(callback), once(callback)] : [once(callback)]);
      if (answers.includes(true)) break;
      await wait(50);
    }
    acknowledged.add(index);
    for (const one of waiting) if (acknowledged.size >= one.count) one.resolve();
  };
  const call = async (): Promise<void> => {
    for (let index = next++; index < callbacks.length; index = next++) await deliver(index);
  };
  const calling = Promise.all(Array.from({ length: options.callers }, call));

  const reached = (count: number): Promise<void> =>
    acknowledged.size >= count
      ? Promise.resolve()
      : new Promise((resolve) => {
          waiting.push({ count, resolve });
        });
  return {
    acknowledged,
    reached,
    finished: async (withinMs = 120_000) => {
      const isDone = await Promise.race([calling.then(() => true), wait(withinMs, false, { ref: false })]);
      if (!isDone) throw new Error(`only ${acknowledged.size} of ${callbacks.length} callbacks were acknowledged`);
    },
  };
}
