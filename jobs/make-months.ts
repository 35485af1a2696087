import type { Logger } from 'pino';
import type { Sweep } from './sweep';

const HOUR_MS = 3_600_000;

/** So many months after the present one there are, so that nothing is lost where this work stands still for weeks. */
export const MONTHS_AHEAD = 2;

/**
 * Keeps the months of a table made ahead, once an hour, although once a month would do: a process may live for a minute or a
 * year.
 */
export function monthsSweep(table: string, make: () => Promise<number>, logger: Pick<Logger, 'info'>): Sweep {
  return {
    name: `months of ${table}`,
    everyMs: HOUR_MS,
    run: async () => {
      const made = await make();
      if (made > 0) logger.info({ event: 'months.made', table, made }, 'partitions were made ahead');
      return 0;
    },
  };
}
