import pino, { type DestinationStream, type Logger } from 'pino';
import type { LogLevel } from './config-variables';
import { showError, withoutSecrets } from './log-format';

/** So much may wait for a reader of stdout that has fallen behind; what goes beyond it is dropped. */
const MOST_WAITING_BYTES = 16 * 1024 * 1024;

/**
 * JSON lines on stdout, times in RFC 3339. The lines are written without waiting for whoever reads them, because a pipe
 * whose reader pauses would stop every payment. Whoever ends the process waits for `logWritten`. What is lost at kill -9 is
 * what was logged in the last moments: the truth about payments is in the databases.
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
  // With a minimum of one byte nothing waits for more, and with none the stream could not be flushed.
  const stdout = pino.destination({ dest: 1, sync: false, minLength: 1, maxLength: MOST_WAITING_BYTES });
  // A reader that has gone away (EPIPE) takes the log with it and nothing else.
  stdout.on('error', () => undefined);
  // Without `flushSync`, which pino would call at a fatal line, in the middle of a write that is still in flight.
  const writable = {
    write: (line: string): void => void stdout.write(line),
    flush: (done?: () => void): void => {
      stdout.flush(done);
    },
  };
  return writable;
}

/** A reader of stdout that has stopped must not keep a process that ends. */
const LAST_LINES_MS = 1_000;

/** Resolves when everything that was logged is written, or after a second. */
export async function logWritten(logger: Pick<Logger, 'flush'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    timer = setTimeout(resolve, LAST_LINES_MS);
    logger.flush(() => {
      resolve();
    });
  });
  clearTimeout(timer);
}
