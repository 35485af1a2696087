import { setTimeout as wait } from 'node:timers/promises';
import type { Fault, FaultKind } from '../faults';
import { crowd, locks, outage, postgres } from './databases';
import type { Field, Inflict } from './field';
import { blackHole, cut, delay, reset } from './links';
import { freeze, kill, restart, skew } from './processes';
import { flush, queue } from './queue';

const INFLICT: { readonly [Kind in FaultKind]: Inflict<Kind> } = {
  kill,
  restart,
  freeze,
  skew,
  postgres,
  outage,
  cut,
  reset,
  delay,
  black_hole: blackHole,
  crowd,
  locks,
  flush,
  queue,
};

export interface Nemesis {
  /** Resolves when every fault has been inflicted and taken back. */
  readonly done: Promise<void>;
  inflicted(): Readonly<Partial<Record<FaultKind, number>>>;
}

/** Inflicts the faults at their times, counted from now; several may last at once. */
export function unleash(faults: readonly Fault[], field: Field, tell: (fault: Fault) => void): Nemesis {
  const inflicted: Partial<Record<FaultKind, number>> = {};
  const one = async (fault: Fault): Promise<void> => {
    try {
      await wait(fault.at, undefined, { signal: field.healed });
    } catch {
      return;
    }
    tell(fault);
    inflicted[fault.kind] = (inflicted[fault.kind] ?? 0) + 1;
    await inflict(fault, field);
  };
  return { done: Promise.all(faults.map(one)).then(() => undefined), inflicted: () => inflicted };
}

function inflict(fault: Fault, field: Field): Promise<void> {
  // The function of a kind is given faults of this kind only.
  const byKind = INFLICT[fault.kind] as (fault: Fault, field: Field) => Promise<void>;
  return byKind(fault, field);
}
