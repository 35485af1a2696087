import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config-variables';
import { showError, withoutSecrets } from './log-format';

/** So much may wait for a reader of stdout that has fallen behind; what goes beyond it is dropped. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * JSON lines on stdout, times in RFC 3339. The lines are written without waiting for whoever reads them, because a pipe
 * whose reader pauses would stop every payment; they are flushed when the process ends and at every fatal line. What is
 * lost at kill -9 is what has been logged in the last moments: the truth about payments is in the databases.
 */
export function createLogger(level: LogLevel, destination: DestinationStream = standardOutput()): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: (error: unknown) => showError(error) },
      formatters: { log: withoutSecrets },
    },
    destination,
  );
}

function standardOutput(): DestinationStream {
  const stdout = pino.destination({ dest: 1, sync: false, maxLength: MOST_WAITING_BYTES });
  // A reader that has gone away (EPIPE) takes the log with it and nothing else.
  stdout.on('error', () => undefined);
  return stdout;
}
