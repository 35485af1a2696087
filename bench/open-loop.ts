import { performance } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import type { Offered, OpenLoop, Outcome, Phase } from './bank-calls';
import { type HttpAnswer, type HttpCaller, openHttpCaller } from './http-caller';

/** How often what is due is sent; a callback may so leave a millisecond late, which counts as the service's time. */
const TICK_MS = 1;

/** When each callback of the phases is due, in milliseconds after the start. */
export function schedule(phases: readonly Phase[]): Float64Array {
  const due: number[] = [];
  let startsAt = 0;
  for (const { perSecond, seconds } of phases) {
    const count = Math.round(perSecond * seconds);
    for (let index = 0; index < count; index += 1) due.push(startsAt + (index * 1_000) / perSecond);
    startsAt += seconds * 1_000;
  }
  return Float64Array.from(due);
}

/** Sends the requests when they are due, answered or not, and says of each what came of it; they must be enough for the phases. */
export async function offer(
  requests: readonly Buffer[],
  { ports, phases, connections }: OpenLoop,
): Promise<Omit<Offered, 'left'>> {
  const due = schedule(phases);
  if (due.length > requests.length)
    throw new Error(`${due.length} callbacks are due and ${requests.length} are signed`);
  const tookMs = new Float64Array(due.length);
  const outcomes = new Array<Outcome>(due.length).fill('dropped');
  const line = createLine(ports, connections);
  const began = performance.now();
  const startedAt = Date.now();
  const underWay: Promise<void>[] = [];
  const one = async (index: number): Promise<void> => {
    outcomes[index] = await line.send(requests[index] ?? Buffer.alloc(0));
    tookMs[index] = performance.now() - began - (due[index] ?? 0);
  };
  for (let next = 0; next < due.length;) {
    const now = performance.now() - began;
    for (; next < due.length && (due[next] ?? 0) <= now; next += 1) underWay.push(one(next));
    await wait(TICK_MS);
  }
  await Promise.all(underWay);
  line.close();
  return { startedAt, dueMs: [...due], tookMs: [...tookMs], outcomes };
}

interface Line {
  /** Never throws. */
  send(request: Buffer): Promise<Outcome>;
  close(): void;
}

/** Connections as they are needed, at most so many; who finds none waits his turn, and his time runs on. */
function createLine(ports: readonly number[], most: number): Line {
  const idle: HttpCaller[] = [];
  const waiting: ((caller: HttpCaller | undefined) => void)[] = [];
  let opened = 0;
  let turn = 0;

  const take = (): Promise<HttpCaller> | HttpCaller => {
    for (let caller = idle.pop(); caller !== undefined; caller = idle.pop()) {
      if (caller.isOpen()) return caller;
      opened -= 1;
    }
    if (opened >= most)
      return new Promise<HttpCaller | undefined>((resolve) => waiting.push(resolve)).then((caller) => caller ?? take());
    opened += 1;
    turn += 1;
    return openHttpCaller(ports[turn % ports.length] ?? 0).catch((error: unknown) => {
      lose();
      throw error;
    });
  };
  const lose = (): void => {
    opened -= 1;
    waiting.shift()?.(undefined);
  };
  const giveBack = (caller: HttpCaller): void => {
    const next = waiting.shift();
    if (next === undefined) idle.push(caller);
    else next(caller);
  };

  return {
    send: async (request) => {
      let caller: HttpCaller | undefined;
      try {
        caller = await take();
        const answer = await caller.send(request);
        giveBack(caller);
        return outcomeOf(answer);
      } catch {
        caller?.close();
        if (caller !== undefined) lose();
        return 'dropped';
      }
    },
    close: () => {
      for (const caller of idle) caller.close();
    },
  };
}

function outcomeOf({ status, hasRetryAfter }: HttpAnswer): Outcome {
  if (status < 300) return 'acknowledged';
  if (status === 503 && hasRetryAfter) return 'put_off';
  return status === 503 || status === 429 ? 'put_off_silently' : 'refused';
}
