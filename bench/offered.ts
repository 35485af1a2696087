import type { BankPayment, Offered, Outcome, Phase } from './bank-calls';
import { median, quantilesOf } from './median';
import type { Arrivals } from './merchant-calls';
import { type Scene, everythingDone, mustHaveBeenTold } from './scene';

export interface OfferedAll extends Offered {
  readonly arrivals: Arrivals;
}

export interface OfferOptions {
  readonly phases: readonly Phase[];
  /** The most connections of the bank. */
  readonly connections: number;
  /** How many callers repeat what was not acknowledged, once everything has been offered. */
  readonly callers: number;
  /** How many of the payments are for endpoints that answer; all. The others' notifications are not waited for. */
  readonly toHealthy?: number;
}

/** How many callbacks the phases have. */
export function callbacksOf(phases: readonly Phase[]): number {
  return phases.reduce((sum, { perSecond, seconds }) => sum + Math.round(perSecond * seconds), 0);
}

const WITHIN_MS = 300_000;

/**
 * Has the bank call at constant rates, whatever is answered; then what was not acknowledged is repeated until it is.
 * @throws Error where a payment was lost, or a healthy merchant was not told
 */
export async function offerAll(
  scene: Scene,
  payments: readonly BankPayment[],
  { phases, connections, callers, toHealthy = payments.length }: OfferOptions,
): Promise<OfferedAll> {
  const { bank, merchant, services } = scene;
  const ports = services.map(({ port }) => port);
  await merchant.ask({ kind: 'forget' });
  await scene.sign(payments);
  const telling = merchant.ask({ kind: 'await', count: toHealthy, withinMs: WITHIN_MS });
  const offered = await bank.ask({ kind: 'offer', ports, phases, connections });
  const { refused } = await bank.ask({ kind: 'call', ports, callers });
  if (refused > 0) throw new Error(`${refused} genuine callbacks were refused`);
  mustHaveBeenTold(await telling, toHealthy);
  await everythingDone(scene.database, { andTold: toHealthy === payments.length });
  return { ...offered, arrivals: await merchant.ask({ kind: 'arrivals' }) };
}

/** What happened to the callbacks that were due within one second. */
export interface Second {
  readonly offered: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Of the answers that acknowledged, in milliseconds after they were due; 0 where there was none. */
  readonly p50: number;
  readonly p99: number;
}

/** The answers to what was due from `from` to `to`, in milliseconds after the start. */
export function between(
  { dueMs, tookMs, outcomes }: Pick<Offered, 'dueMs' | 'tookMs' | 'outcomes'>,
  from: number,
  to: number,
): { readonly outcomes: readonly Outcome[]; readonly tookMsOf: (outcome: Outcome) => readonly number[] } {
  const chosen = [...dueMs.keys()].filter((index) => (dueMs[index] ?? 0) >= from && (dueMs[index] ?? 0) < to);
  return {
    outcomes: chosen.map((index) => outcomes[index] ?? 'dropped'),
    tookMsOf: (outcome) => chosen.filter((index) => outcomes[index] === outcome).map((index) => tookMs[index] ?? 0),
  };
}

/** Second by second, from `from` to `to` in whole seconds after the start. */
export function secondsOf(
  offered: Pick<Offered, 'dueMs' | 'tookMs' | 'outcomes'>,
  from: number,
  to: number,
): readonly Second[] {
  return Array.from({ length: to - from }, (_, index) => {
    const { outcomes, tookMsOf } = between(offered, (from + index) * 1_000, (from + index + 1) * 1_000);
    const count = (outcome: Outcome): number => outcomes.filter((one) => one === outcome).length;
    return {
      offered: outcomes.length,
      outcomes: {
        acknowledged: count('acknowledged'),
        put_off: count('put_off'),
        put_off_silently: count('put_off_silently'),
        refused: count('refused'),
        dropped: count('dropped'),
      },
      ...quantilesOf(tookMsOf('acknowledged')),
    };
  });
}

/** A second is as before where its median and its slowest hundredth are at most so much longer than usual before. */
const AS_BEFORE = 1.5;
const IN_A_ROW = 3;

/**
 * After how many seconds everything is as before: three seconds in a row (or those that are left) whose callbacks were all
 * acknowledged, with p50 and p99 at most 1.5 times the medians of the seconds before.
 * @returns how many seconds there are where that never comes
 */
export function recoveredAfter(before: readonly Second[], after: readonly Second[]): number {
  const p50 = AS_BEFORE * median(before.map((second) => second.p50));
  const p99 = AS_BEFORE * median(before.map((second) => second.p99));
  const asBefore = (second: Second): boolean =>
    second.outcomes.acknowledged === second.offered && second.p50 <= p50 && second.p99 <= p99;
  const found = after.findIndex((_, index) => after.slice(index, index + IN_A_ROW).every(asBefore));
  return found === -1 ? after.length : found;
}
