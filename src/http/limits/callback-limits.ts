import type { Clock } from '../../core/clock';
import { createLimiter } from './limiter';
import { createRecentlySeen } from './recently-seen';

export interface CallbackLimitOptions {
  readonly clock: Clock;
  /** Genuine callbacks of one channel. */
  readonly perSecond: number;
  /** Refused callbacks of one channel from one address. */
  readonly refusedPerMinute: number;
  /** Told of each callback that was turned away. */
  readonly onLimited: (limit: 'callbacks' | 'refused_callbacks') => void;
}

/** From where a bank has called, more refusals are borne, because somebody else may sit behind the same address. */
const GENUINE_MAY = 100;
const GENUINE_FOR_MS = 3_600_000;
const MOST_GENUINE = 10_000;

/**
 * Verifying costs an RSA operation or an HMAC over the body, and anybody may send us bodies. So refusals are counted by
 * channel and address, and past the limit nothing of that address is verified for this channel until the minute ends.
 *
 * It is never the channel that is shut: a forger elsewhere cannot lock the bank out. Nor is an address from which a genuine
 * callback came within the hour, before a hundred times as many: a proxy that is not in TRUST_PROXY makes one address of
 * everybody. What is turned away is answered so that a bank calls again. Genuine callbacks are counted by channel only once
 * they are verified, so that forgeries use up nothing of that limit.
 */
export function createCallbackLimits(options: CallbackLimitOptions) {
  const { clock, onLimited } = options;
  const refusals = createLimiter({ points: options.refusedPerMinute, windowSeconds: 60 });
  const callbacks = createLimiter({ points: options.perSecond, windowSeconds: 1 });
  const genuine = createRecentlySeen(clock, { most: MOST_GENUINE, forMs: GENUINE_FOR_MS });
  const keyOf = (channel: string, from: string): string => `${channel} ${from}`;
  return {
    /** Asked before a signature is verified. @returns undefined, or the seconds after which to try again */
    mayVerify: async (channel: string, from: string): Promise<number | undefined> => {
      const key = keyOf(channel, from);
      const standing = await refusals.look(key);
      if (standing === undefined || options.refusedPerMinute === 0) return undefined;
      const allowed = options.refusedPerMinute * (genuine.has(key) ? GENUINE_MAY : 1);
      if (standing.used < allowed) return undefined;
      onLimited('refused_callbacks');
      return standing.resetSeconds;
    },
    refused: async (channel: string, from: string): Promise<void> => {
      if (options.refusedPerMinute > 0) await refusals.take(keyOf(channel, from));
    },
    /** @returns undefined, or the seconds after which the bank is to call again */
    verified: async (channel: string, from: string): Promise<number | undefined> => {
      genuine.see(keyOf(channel, from));
      if (options.perSecond === 0) return undefined;
      const standing = await callbacks.take(channel);
      if (!standing.exceeded) return undefined;
      onLimited('callbacks');
      return standing.resetSeconds;
    },
  };
}
