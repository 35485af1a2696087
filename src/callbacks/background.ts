import type { Logger } from 'pino';

/**
 * Work that may go on after the answer: a settlement past the answer's budget, the second phase. A failure is only logged,
 * because recovery does it again; what is kept here is what is going on, so that a stopping process can wait for it.
 */
export interface Background {
  run(what: string, work: Promise<unknown>): void;
  idle(): Promise<void>;
  readonly size: () => number;
}

export function createBackground(logger: Logger): Background {
  const going = new Set<Promise<void>>();
  return {
    run: (what, work) => {
      const guarded: Promise<void> = work.then(
        () => undefined,
        (error: unknown) => {
          logger.warn({ err: error, what }, 'left to recovery');
        },
      );
      going.add(guarded);
      void guarded.then(() => going.delete(guarded));
    },
    idle: async () => {
      while (going.size > 0) await Promise.all(going);
    },
    size: () => going.size,
  };
}
