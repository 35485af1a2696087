import pino, { type Logger } from 'pino';
import type { LogLevel } from './config-variables';

/** Fields that hold secrets wherever they appear, at most two levels deep. */
const SECRETS = ['authorization', 'secret', 'password', 'token', 'api_key', 'cookie'];

/** JSON lines on stdout, times in RFC 3339; what holds secrets is replaced, in case that somebody logs a whole object. */
export function createLogger(level: LogLevel): Logger {
  return pino({
    level,
    base: { pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[secret]' },
  });
}
