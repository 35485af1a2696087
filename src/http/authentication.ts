import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';
import type { Clock } from '../core/clock';
import { Problem } from '../core/errors';
import type { MerchantId } from '../core/ids';
import { setCaller } from './caller';

/** What a merchant's key stands for, as the store finds it by the key's SHA-256 in hex. */
export interface KnownKey {
  readonly merchantId: MerchantId;
  readonly merchantActive: boolean;
}

export interface MerchantAuthentication {
  readonly clock: Clock;
  /** The key with this hash, undefined where there is none or it is revoked. */
  readonly findKey: (hash: string) => Promise<KnownKey | undefined>;
  /** How long an answer of `findKey` is believed: the time within which a revocation acts. */
  readonly believeMs?: number;
}

/** `qk_<8 shown characters>_<32 random bytes in base64url>`: what looks otherwise needs no look at the database. */
const KEY = /^qk_[0-9a-z]{8}_[0-9A-Za-z_-]{43}$/;
const BELIEVE_MS = 1_000;
const MOST_BELIEVED = 10_000;

/** An operator's name and the SHA-256 of a token. A name that stands twice has two tokens, as while one is rotated. */
export interface OperatorCredential {
  readonly name: string;
  readonly tokenHash: Buffer;
}

/**
 * Lets an operator's token pass and says whose it is. Hashes are compared, with every operator's, whichever fits: the time
 * it takes tells neither of a token's length nor of its place.
 */
export function operatorAuthentication(operators: readonly OperatorCredential[]): RequestHandler {
  return (req, _res, next) => {
    const token = bearerToken(req);
    const hash = sha256(token ?? '');
    let name: string | undefined;
    for (const operator of operators) if (timingSafeEqual(hash, operator.tokenHash)) name = operator.name;
    if (token === undefined || name === undefined) {
      throw new Problem('unauthenticated', 'send the operator token as "Authorization: Bearer <token>"');
    }
    setCaller(req, { kind: 'operator', name });
    next();
  };
}

/**
 * Lets a merchant's key pass. What was found is believed for a moment, because a busy merchant sends hundreds of requests
 * a second; the memory is bounded and holds only keys that exist, so that guessing fills nothing.
 */
export function merchantAuthentication(deps: MerchantAuthentication): RequestHandler {
  const believed = new Map<string, { readonly key: KnownKey; readonly until: number }>();

  const find = async (hash: string): Promise<KnownKey | undefined> => {
    const now = deps.clock.elapsed();
    const found = believed.get(hash);
    if (found !== undefined && found.until > now) return found.key;
    believed.delete(hash);
    const key = await deps.findKey(hash);
    if (key === undefined) return undefined;
    if (believed.size >= MOST_BELIEVED) believed.clear();
    // Counted from before the question: a revocation that came while it was asked acts no later than any other.
    believed.set(hash, { key, until: now + (deps.believeMs ?? BELIEVE_MS) });
    return key;
  };

  return async (req, _res, next) => {
    const token = bearerToken(req);
    const key = token !== undefined && KEY.test(token) ? await find(sha256(token).toString('hex')) : undefined;
    if (key === undefined) throw new Problem('unauthenticated', 'send an API key as "Authorization: Bearer qk_..."');
    if (!key.merchantActive) throw new Problem('forbidden', 'the merchant is suspended');
    setCaller(req, { kind: 'merchant', merchantId: key.merchantId });
    next();
  };
}

/** The token of `Authorization: Bearer <token>`; undefined where there is none. */
export function bearerToken(req: Request): string | undefined {
  return /^Bearer ([\x21-\x7e]{1,300})$/i.exec(req.headers.authorization ?? '')?.[1];
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
