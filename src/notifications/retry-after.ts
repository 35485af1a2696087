import { readHttpDate } from '../core/http-date';

/**
 * Reads `Retry-After` (RFC 9110, section 10.2.3): delta seconds, or an HTTP date judged by our own clock.
 * @returns milliseconds from now, at least 0; undefined where the header is absent or neither of the two
 */
export function retryAfterMs(header: string | undefined, now: Date): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const date = readHttpDate(text);
  return date === undefined ? undefined : Math.max(0, date.getTime() - now.getTime());
}
