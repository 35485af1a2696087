import { setTimeout as wait } from 'node:timers/promises';
import type { Service } from '../services';
import type { Stage } from '../stage';
import type { Fault, FaultKind } from '../faults';

/** What the nemesis lays hands on. */
export interface Field {
  readonly stage: Stage;
  readonly services: readonly Service[];
  /** Ends what lasts before its time. */
  readonly healed: AbortSignal;
}

/** Inflicts one fault, and takes it back when its time is over. */
export type Inflict<Kind extends FaultKind> = (
  fault: Extract<Fault, { readonly kind: Kind }>,
  field: Field,
) => Promise<void>;

export function serviceOf({ services }: Field, process: number): Service {
  const service = services[process];
  if (service === undefined) throw new Error(`there is no process ${process}`);
  return service;
}

/** Waits for the time of a fault, or until everything is healed. */
export async function lasting({ healed }: Field, ms: number): Promise<void> {
  await wait(ms, undefined, { signal: healed }).catch(() => undefined);
}
