import { createLogger } from '../../src/logger';
import type { LogLevel } from '../../src/config-variables';
import type { Logger } from 'pino';

/** A line as whoever collects the log reads it. */
export type Line = Readonly<Record<string, unknown>> & { readonly level: number; readonly msg: string };

export interface CapturedLog {
  readonly logger: Logger;
  readonly lines: () => readonly Line[];
  /** As it was written, byte for byte. */
  readonly text: () => string;
}

/** The service's own logger, written into memory. */
export function capturedLog(level: LogLevel = 'trace'): CapturedLog {
  const written: string[] = [];
  const logger = createLogger(level, { write: (line) => void written.push(line) });
  return { logger, lines: () => written.map((line) => JSON.parse(line) as Line), text: () => written.join('') };
}
