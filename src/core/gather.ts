import { performance } from 'node:perf_hooks';
import { Overloaded, isTransient } from './errors';

/** Told of one run: how many items it took, how long it took in milliseconds, and whether it failed. */
export type RunObserver = (size: number, tookMs: number, failed: boolean) => void;

/** Asked once per step who is to be told of its runs; `load` says at any time how many items wait or are in flight. */
export type StepObserver = (step: string, load: () => number) => RunObserver;

export interface GatherBounds {
  /** The longest list that one run takes. */
  readonly cap: number;
  /** How many items may wait; the next is refused with `Overloaded`. */
  readonly room: number;
  readonly observer?: StepObserver | undefined;
}

/**
 * Every durable step takes a list. While a step's statement is in flight the next arrivals gather, and the next statement
 * takes them all: no timer, no added latency when idle, large lists under load.
 */
export interface GatherOptions extends GatherBounds {
  /** The name of the step, for errors and metrics. */
  readonly step: string;
  /** How many runs may be in flight side by side. One is best where lists meet the same rows. */
  readonly lanes?: number;
  /**
   * How long the first item of an idle step waits for others, in milliseconds: for work that nobody waits for, because a list
   * costs the same statements however short it is. Without it the first item runs at once.
   */
  readonly pauseMs?: number | undefined;
}

/** How long what nobody waits for gathers where its step is idle: measured in ARCHITECTURE.md. */
export const UNHURRIED_MS = 20;

export interface Gatherer<Item, Answer> {
  (item: Item): Promise<Answer>;
  /** How many items wait or are in flight. */
  readonly load: () => number;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Turns a step over a list into a call for one item.
 * @param run takes a list and gives an answer per item, in the same order
 * A run that fails with something other than an outage is split in halves, so that a poisoned item hurts nobody else;
 * `run` must be idempotent per item, because a failed run may have left everything, or nothing, behind.
 */
export function gather<Item, Answer>(
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
  options: GatherOptions,
): Gatherer<Item, Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let lanesBusy = 0;
  let inFlight = 0;
  const load = (): number => waiting.length + inFlight;
  const observe = options.observer?.(options.step, load);

  const runList = async (list: readonly Waiting<Item, Answer>[]): Promise<void> => {
    const began = observe === undefined ? 0 : performance.now();
    try {
      const answers = await run(list.map(itemOf));
      if (answers.length !== list.length)
        throw new Error(`${options.step} answered ${answers.length} of ${list.length}`);
      observe?.(list.length, performance.now() - began, false);
      for (const [index, one] of list.entries()) one.resolve(answers[index] as Answer);
    } catch (error) {
      observe?.(list.length, performance.now() - began, true);
      if (list.length === 1 || isTransient(error)) {
        for (const one of list) one.reject(error);
        return;
      }
      const middle = Math.ceil(list.length / 2);
      await runList(list.slice(0, middle));
      await runList(list.slice(middle));
    }
  };

  const drive = async (): Promise<void> => {
    lanesBusy += 1;
    while (waiting.length > 0) {
      const list = waiting.slice(0, options.cap);
      waiting = waiting.slice(options.cap);
      inFlight += list.length;
      await runList(list);
      inFlight -= list.length;
    }
    lanesBusy -= 1;
  };

  const begin = (): void => {
    if (lanesBusy < (options.lanes ?? 1)) void drive();
  };

  // Callers of the same turn of the event loop join the first list, instead of waiting behind a list of one: a bank that
  // has been answered by a list sends the next as one.
  const beginSoon = (): void => {
    if (options.pauseMs === undefined || waiting.length >= options.cap) setImmediate(begin);
    else if (waiting.length === 1) setTimeout(begin, options.pauseMs);
  };

  const submit = (item: Item): Promise<Answer> =>
    new Promise<Answer>((resolve, reject) => {
      if (waiting.length >= options.room) {
        reject(new Overloaded(options.step));
        return;
      }
      waiting.push({ item, resolve, reject });
      if (lanesBusy < (options.lanes ?? 1)) beginSoon();
    });
  return Object.assign(submit, { load });
}

function itemOf<Item, Answer>(one: Waiting<Item, Answer>): Item {
  return one.item;
}
