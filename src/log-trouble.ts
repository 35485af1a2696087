import type { Logger } from 'pino';
import type { Clock } from './core/clock';
import { createLogLimiter } from './core/log-limiter';

/** So many lines: a database that closes connections as fast as they are made has one cause. */
const BROKEN_PER_MINUTE = 30;

export interface TroubleLog {
  /** Trouble with a database as a whole. */
  readonly onTrouble: (sentence: string) => void;
  /** Connections that broke, or were given up because their session is of no use any more. */
  readonly onBrokenConnection: (sentence: string) => void;
}

/** Says what goes wrong beneath the statements, whose errors are told to whoever waits for them. */
export function logTrouble(logger: Pick<Logger, 'warn'>, clock: Clock): TroubleLog {
  const onTrouble = (sentence: string): void => {
    logger.warn({ event: 'service.trouble' }, sentence);
  };
  const limiter = createLogLimiter({
    clock,
    lines: BROKEN_PER_MINUTE,
    onSuppressed: (_, suppressed) => {
      logger.warn({ event: 'service.troubles_suppressed', suppressed }, 'more connections broke than are logged');
    },
  });
  return {
    onTrouble,
    onBrokenConnection: (sentence) => {
      if (limiter.allows('connection')) onTrouble(sentence);
    },
  };
}
