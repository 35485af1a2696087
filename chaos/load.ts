import { setTimeout as wait } from 'node:timers/promises';
import { storyOf } from './stories';
import type { Teller } from './teller';

/** So many stories begin in a second, whether or not those before have come to their end, */
const PER_SECOND = 30;
/** but for this many that are open: then everybody waits. */
const MOST_OPEN = 120;

/** Begins stories for so many seconds. @returns how many; they go on by themselves */
export async function beginStories(teller: Teller, seed: number, seconds: number, stop: AbortSignal): Promise<number> {
  const began = performance.now();
  let number = 0;
  for (; performance.now() - began < seconds * 1_000 && !stop.aborted;) {
    const due = ((performance.now() - began) / 1_000) * PER_SECOND;
    for (; number < due && teller.open() < MOST_OPEN; number += 1) void teller.tell(storyOf(seed, number));
    await wait(1_000 / PER_SECOND);
  }
  return number;
}
