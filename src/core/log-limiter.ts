import type { Clock } from './clock';

/** Keeps what anybody outside can cause from filling the disk with lines. */
export interface LogLimiter {
  /** Whether one more line of this name may be written now. The names must come from a closed set. */
  allows(name: string): boolean;
}

export interface LogLimits {
  readonly clock: Clock;
  /** So many lines of a name in each window. */
  readonly lines: number;
  readonly windowMs?: number;
  /** Told at the end of a window how many lines of a name were left out in it. */
  readonly onSuppressed: (name: string, count: number) => void;
}

interface Window {
  readonly since: number;
  written: number;
  suppressed: number;
}

const MINUTE_MS = 60_000;

export function createLogLimiter({ clock, lines, windowMs = MINUTE_MS, onSuppressed }: LogLimits): LogLimiter {
  const windows = new Map<string, Window>();
  const current = (name: string): Window => {
    const known = windows.get(name);
    if (known !== undefined && clock.elapsed() - known.since < windowMs) return known;
    const fresh = { since: clock.elapsed(), written: 0, suppressed: 0 };
    windows.set(name, fresh);
    return fresh;
  };
  return {
    allows: (name) => {
      const window = current(name);
      if (window.written < lines) {
        window.written += 1;
        return true;
      }
      window.suppressed += 1;
      if (window.suppressed === 1) {
        const left = Math.max(0, window.since + windowMs - clock.elapsed());
        setTimeout(() => {
          onSuppressed(name, window.suppressed);
        }, left).unref();
      }
      return false;
    },
  };
}
