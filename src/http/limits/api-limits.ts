import { createHash } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Clock } from '../../core/clock';
import { Problem } from '../../core/errors';
import { bearerToken } from '../authentication';
import { clientAddress } from './client-address';
import { type Limiter, createLimiter } from './limiter';
import { createRecentlySeen } from './recently-seen';

/** The names of the policies, as callers read them. */
export type Policy = 'api-key' | 'operator';

export interface ApiLimitOptions {
  readonly clock: Clock;
  /** Requests with one token, per second, by the policy's name. */
  readonly perSecond: Readonly<Record<Policy, number>>;
  /** Requests of one address whose token is missing or wrong. */
  readonly failuresPerMinute: number;
  readonly onLimited: (limit: string) => void;
}

/** Puts limits around an authentication. */
export type LimitedAuthentication = (name: Policy, authenticate: RequestHandler) => RequestHandler;

/** Limits are counted over so long, so that a caller who was idle for a moment may catch up. */
const WINDOW_SECONDS = 10;
const KNOWN_FOR_MS = 3_600_000;
const MOST_KNOWN = 10_000;

/**
 * An address that keeps failing to authenticate is not listened to for the rest of the minute, so that guessing tokens asks
 * no database. A token that has opened something within the hour is heard all the same: one forgotten job with a revoked
 * key must not lock out everybody else behind the same address.
 */
export function createApiLimits(options: ApiLimitOptions): LimitedAuthentication {
  const { clock, onLimited } = options;
  const failures = createLimiter({ points: options.failuresPerMinute, windowSeconds: 60 });
  const known = createRecentlySeen(clock, { most: MOST_KNOWN, forMs: KNOWN_FOR_MS });

  const refuseWhoFails = async (address: string): Promise<void> => {
    const standing = await failures.look(address);
    if (standing === undefined || standing.used < options.failuresPerMinute) return;
    onLimited('failed_authentications');
    throw new Problem('rate_limited', 'too many requests from this address had a wrong token', {
      retryAfter: standing.resetSeconds,
    });
  };

  return (name, authenticate) => {
    const requests = createLimiter({ points: options.perSecond[name] * WINDOW_SECONDS, windowSeconds: WINDOW_SECONDS });
    return async (req, res, next) => {
      const token = hashed(bearerToken(req));
      const address = clientAddress(req);
      if (options.failuresPerMinute > 0 && !known.has(token)) await refuseWhoFails(address);
      try {
        await passed(authenticate, req, res);
      } catch (error) {
        if (error instanceof Problem && error.code === 'unauthenticated' && options.failuresPerMinute > 0) {
          known.forget(token);
          await failures.take(address);
        }
        throw error;
      }
      known.see(token);
      if (requests.points > 0) await countRequest(name, requests, token, res, onLimited);
      next();
    };
  };
}

/** The fields are those of draft-ietf-httpapi-ratelimit-headers-09: quota and window, what remains and until when. */
async function countRequest(
  name: Policy,
  requests: Limiter,
  token: string,
  res: Response,
  onLimited: ApiLimitOptions['onLimited'],
): Promise<void> {
  const { remaining, resetSeconds, exceeded } = await requests.take(token);
  res.setHeader('RateLimit-Policy', `"${name}";q=${requests.points};w=${requests.windowSeconds}`);
  res.setHeader('RateLimit', `"${name}";r=${remaining};t=${resetSeconds}`);
  if (!exceeded) return;
  onLimited(name.replaceAll('-', '_'));
  throw new Problem('rate_limited', `this key may make ${requests.points} requests in ${requests.windowSeconds} s`, {
    retryAfter: resetSeconds,
  });
}

function hashed(token: string | undefined): string {
  return token === undefined ? '' : createHash('sha256').update(token).digest('base64');
}

/** Resolves when the authentication lets the request pass; rejects as it throws or says. */
function passed(authenticate: RequestHandler, req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = (error?: unknown): void => {
      if (error === undefined) resolve();
      else reject(error instanceof Error ? error : new Error('the authentication failed', { cause: error }));
    };
    Promise.resolve(authenticate(req, res, next)).catch(reject);
  });
}
