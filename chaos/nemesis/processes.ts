import { SCHEMAS } from '../../src/consistency/transaction';
import { SLOW_FOR_MS } from '../faults';
import type { Service } from '../services';
import { type Field, type Inflict, lasting, serviceOf } from './field';

export const kill: Inflict<'kill'> = async ({ process, slowMs, downMs }, field) => {
  const service = serviceOf(field, process);
  await slowed(service, slowMs, field);
  await service.kill(downMs);
};

export const restart: Inflict<'restart'> = ({ process }, field) => serviceOf(field, process).restart();

/** To everybody else it is as dead as one that was killed; to itself no time has passed. */
export const freeze: Inflict<'freeze'> = async ({ process, slowMs, lastsMs }, field) => {
  const service = serviceOf(field, process);
  await slowed(service, slowMs, field);
  service.freeze();
  await lasting(field, lastsMs);
  service.unfreeze();
};

export const skew: Inflict<'skew'> = async ({ process, byMs, lastsMs }, field) => {
  const service = serviceOf(field, process);
  service.skew(byMs);
  await lasting(field, lastsMs);
  service.skew(0);
};

async function slowed({ links }: Service, slowMs: number, field: Field): Promise<void> {
  if (slowMs === 0) return;
  for (const schema of SCHEMAS) links.proxy(schema).delay(slowMs);
  await lasting(field, SLOW_FOR_MS);
  for (const schema of SCHEMAS) links.proxy(schema).delay(0);
}
